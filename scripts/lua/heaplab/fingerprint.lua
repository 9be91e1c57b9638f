--- The machine a run was made on: what has to be equal for results to be compared in time.
-- @module heaplab.fingerprint

local bit = require "bit"
local ffi = require "ffi"

local files = require "heaplab.files"
local process = require "heaplab.process"

local fingerprint = {}

ffi.cdef "const char *gnu_get_libc_version(void);"

local function cpu()
  local text = files.read("/proc/cpuinfo") or ""
  local function value(name) return text:match("\n" .. name .. "%s*:%s*([^\n]+)") end
  local model = value("model name")
  if not model then return value("CPU part") or "unknown" end
  return ("%s (family %s, model %s, stepping %s)"):format(model, value("cpu family") or "?",
    value("model") or "?", value("stepping") or "?")
end

local function cores()
  local _, count = ("\n" .. (files.read("/proc/cpuinfo") or "")):gsub("\nprocessor%s*:", "")
  return count
end

local function memory_bytes()
  local kilobytes = (files.read("/proc/meminfo") or ""):match("MemTotal:%s*(%d+) kB")
  return kilobytes and tonumber(kilobytes) * 1024 or 0
end

local function distribution()
  local text = files.read("/etc/os-release") or ""
  return text:match('PRETTY_NAME="([^"\n]+)"') or "unknown"
end

-- CMake notes the compiler of a build folder in a file of its own.
local function compiler(build)
  for _, name in ipairs(files.list(build .. "/CMakeFiles")) do
    local text = files.read(("%s/CMakeFiles/%s/CMakeCCompiler.cmake"):format(build, name))
    if text then
      return ("%s %s"):format(text:match('CMAKE_C_COMPILER_ID "([^"]+)"') or "unknown",
        text:match('CMAKE_C_COMPILER_VERSION "([^"]+)"') or "")
    end
  end
  return "unknown"
end

local function virtualisation()
  local program = process.find("systemd-detect-virt")
  if program then
    local result = process.run({ argv = { program }, timeout = 10 })
    local answer = result.stdout:match("%S+")
    if answer then return answer end
  end
  local product = files.first_line("/sys/class/dmi/id/product_name")
  local flags = (files.read("/proc/cpuinfo") or ""):match("\nflags%s*:([^\n]*)") or ""
  if not (flags .. " "):find(" hypervisor ", 1, true) then return "none" end
  return product and product ~= "" and product or "hypervisor"
end

-- FNV-1a, 64 bits.
local function hash(text)
  local value = 14695981039346656037ULL
  for i = 1, #text do
    value = bit.bxor(value, 0ULL + text:byte(i)) * 1099511628211ULL
  end
  return bit.tohex(value)
end

-- What a reboot or an update does not change. Memory in whole GiB: virtual machines differ by a few
-- MiB from start to start.
local function stable(fields)
  return table.concat({ fields.cpu, fields.cores, math.floor(fields.memory_bytes / 2 ^ 30 + 0.5),
    fields.virtualisation }, "\n")
end

--- The fingerprint of this machine and a build.
-- @string build the build folder
-- @treturn table of strings and numbers, as run.json holds it; "unknown" where the system does not
-- say; `benchmark_library` is only known to a measuring process
function fingerprint.take(build)
  local fields = {
    cpu = cpu(),
    cores = cores(),
    memory_bytes = memory_bytes(),
    kernel = files.first_line("/proc/sys/kernel/osrelease") or "unknown",
    distribution = distribution(),
    libc = "glibc " .. ffi.string(ffi.C.gnu_get_libc_version()),
    compiler = compiler(build),
    thp = (files.first_line("/sys/kernel/mm/transparent_hugepage/enabled") or "")
      :match("%[(%w+)%]") or "unknown",
    governor = files.first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
      or "unknown",
    aslr = files.first_line("/proc/sys/kernel/randomize_va_space") or "unknown",
    virtualisation = virtualisation(),
    benchmark_library = "unknown",
  }
  fields.key = hash(stable(fields))
  return fields
end

return fingerprint
