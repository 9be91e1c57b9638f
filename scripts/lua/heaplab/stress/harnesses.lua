--- The stress harnesses and how each is started. A new one is a line here.
-- @module heaplab.stress.harnesses

local callers = require "heaplab.callers"
local fail = require "heaplab.fail"
local files = require "heaplab.files"
local paths = require "heaplab.paths"

local harnesses = {}

local function c_program(name)
  return { name = name, callers = { "c" }, file = function(build)
    return build .. "/bin/heaplab-stress-" .. name
  end }
end

-- In C one process per engine, in Lua one per engine and VM.
local kinds = {
  c_program "model",
  c_program "threads",
  { name = "gc", callers = { "luajit", "lua54" }, file = function()
    return paths.root .. "/stress/gc.lua"
  end },
}

local function names()
  local list = {}
  for i, kind in ipairs(kinds) do list[i] = kind.name end
  return table.concat(list, ", ")
end

local function wanted_kinds(name)
  if not name then return kinds end
  for _, kind in ipairs(kinds) do
    if kind.name == name then return { kind } end
  end
  fail.usage("unknown harness '%s'; harnesses: %s", name, names())
end

local vms = {
  luajit = { program = "luajit", modules = "5.1" },
  lua54 = { program = "lua5.4", modules = "5.4" },
}

local function job_of(kind, caller, engine, build)
  local vm, file = vms[caller], kind.file(build)
  return { harness = kind.name, caller = caller, engine = engine,
    argv = vm and { vm.program, file } or { file },
    env = callers.environment { kind = caller, build = build, modules = vm and vm.modules } }
end

--- The processes to start: every wanted harness on every engine.
-- @string build
-- @tparam[opt] string name of one harness
-- @tparam {table,...} engines `name`, `path`
-- @treturn {table,...} `harness`, `caller`, `engine`, `argv`, `env`
function harnesses.jobs(build, name, engines)
  local jobs = {}
  for _, kind in ipairs(wanted_kinds(name)) do
    local file = kind.file(build)
    if not files.exists(file) then
      fail.usage("%s not found; build it: cmake --preset release && cmake --build --preset release",
        file)
    end
    for _, caller in ipairs(kind.callers) do
      for _, engine in ipairs(engines) do
        jobs[#jobs + 1] = job_of(kind, caller, engine, build)
      end
    end
  end
  return jobs
end

return harnesses
