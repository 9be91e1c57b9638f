--- Libraries on this machine: heap engines of a build, malloc libraries of the system.
-- @module heaplab.libraries

local stdlib = require "posix.stdlib"

local fail = require "heaplab.fail"
local files = require "heaplab.files"
local process = require "heaplab.process"

local libraries = {}

local BUILD = "build it: cmake --preset release && cmake --build --preset release"

-- Engines that every table mentions, also when they are missing.
local engines = {
  { name = "native", hint = BUILD },
  { name = "malloc", hint = BUILD },
  { name = "mimalloc", hint = "install libmimalloc-dev and build again" },
  { name = "jemalloc", hint = "install libjemalloc-dev and build again" },
}

-- Where a malloc has several libraries, the plainest comes first.
local mallocs = {
  jemalloc = { files = { "libjemalloc.so.2" }, hint = "install libjemalloc2" },
  mimalloc = { files = { "libmimalloc.so.2" }, hint = "install libmimalloc2.0" },
  tcmalloc = { files = { "libtcmalloc_minimal.so.4", "libtcmalloc.so.4" },
    hint = "install libtcmalloc-minimal4" },
}

-- The malloc that needs no library.
local C_LIBRARY = "glibc"

local FOLDERS = { "/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64", "/usr/lib" }

--- Splits the NAME=lib.so of an option and checks both.
-- @string option its name, for the message
-- @return name, absolute path
function libraries.named(option, text)
  local name, path = text:match("^([%w._-]+)=(.+)$")
  if not name then fail.usage("%s %s: NAME=lib.so is needed", option, text) end
  local resolved = stdlib.realpath(path)
  if not resolved then fail.usage("%s %s: no such file: %s", option, text, path) end
  return name, resolved
end

local function engine_names(build, added)
  local names, others, seen = {}, {}, {}
  for _, engine in ipairs(engines) do
    names[#names + 1], seen[engine.name] = engine.name, true
  end
  local function other(name)
    if name and not seen[name] then
      others[#others + 1], seen[name] = name, true
    end
  end
  for _, file in ipairs(files.list(build .. "/lib")) do
    other(file:match("^libwinheap%-(.+)%.so$"))
  end
  for name in pairs(added) do other(name) end
  table.sort(others)
  for _, name in ipairs(others) do names[#names + 1] = name end
  return names
end

--- The engines of a build folder: those known by name, found or not, then the others it holds.
-- @string build
-- @tparam table added map name -> path: the user's own, which replace those of the build
-- @treturn {table,...} `name`, `path` (nil when missing), `hint` (when missing), `own`
-- (given by the user)
function libraries.engines(build, added)
  local hints, list = {}, {}
  for _, engine in ipairs(engines) do hints[engine.name] = engine.hint end
  for i, name in ipairs(engine_names(build, added)) do
    local path = stdlib.realpath(added[name] or ("%s/lib/libwinheap-%s.so"):format(build, name))
    list[i] = { name = name, path = path, hint = not path and hints[name] or nil,
      own = added[name] ~= nil }
  end
  return list
end

local function loader_cache()
  local program = process.find("ldconfig") or process.find("/sbin/ldconfig")
  local known = {}
  if not program then return known end
  for file, path in process.run({ argv = { program, "-p" } }).stdout
    :gmatch("%s(%S+) %([^)]*%) => (%S+)") do
    known[file] = known[file] or path
  end
  return known
end

local function in_folders(file)
  for _, folder in ipairs(FOLDERS) do
    if files.exists(folder .. "/" .. file) then return folder .. "/" .. file end
  end
end

local function located(cache, malloc)
  for _, file in ipairs(malloc.files) do
    local path = cache[file] or in_folders(file)
    if path then return stdlib.realpath(path) end
  end
end

--- The malloc libraries that can be preloaded.
-- @tparam table added map name -> path: the user's own
-- @treturn table map name -> `path` (nil when missing), `hint` (when missing), `own`
-- (given by the user)
function libraries.mallocs(added)
  if added[C_LIBRARY] then
    fail.usage("--malloc %s=%s: '%s' is the C library's own malloc; give this one another name",
      C_LIBRARY, added[C_LIBRARY], C_LIBRARY)
  end
  local cache, found = loader_cache(), {}
  for name, malloc in pairs(mallocs) do
    local path = located(cache, malloc)
    found[name] = { path = path, hint = not path and malloc.hint or nil }
  end
  for name, path in pairs(added) do found[name] = { path = path, own = true } end
  return found
end

return libraries
