--- The callers: which program measures for each, in which environment.
-- @module heaplab.callers

local fail = require "heaplab.fail"
local files = require "heaplab.files"
local paths = require "heaplab.paths"
local process = require "heaplab.process"

local callers = {}

--- Kinds of callers, in the order of tables. A second VM is another caller of the same kind.
callers.KINDS = { "c", "luajit", "lua54" }

--- The strategy that each kind's others are compared with.
callers.REFERENCE = { c = "malloc:glibc", luajit = "ffi.gc:malloc", lua54 = "userdata:malloc" }

local vms = {
  luajit = { program = "luajit", modules = "5.1", hint = "install luajit" },
  lua54 = { program = "lua5.4", modules = "5.4", hint = "install lua5.4" },
}

local function c_caller(_, build)
  local program = build .. "/bin/heaplab-bench"
  if not files.exists(program) then
    fail.usage("%s not found; build it: cmake --preset release && cmake --build --preset release",
      program)
  end
  return { name = "c", kind = "c", argv = { program }, build = build }
end

local function vm_caller(definition, build)
  local vm, path = vms[definition.kind], definition.path
  local program = process.find(path or vm.program)
  if not program and path then fail.usage("%s: no such program: %s", definition.name, path) end
  if not program then
    fail.usage("%s: %s not found; %s, or choose callers with --caller", definition.name, vm.program,
      vm.hint)
  end
  return { name = definition.name, kind = definition.kind, build = build, modules = vm.modules,
    argv = { program, paths.root .. "/bench/lua/main.lua" } }
end

-- "NAME=PATH" adds a caller of that name, a bare "PATH" replaces the kind's own VM.
local function definitions_of(kind, given)
  local own = { name = kind, kind = kind }
  local list = { own }
  for _, text in ipairs(given or {}) do
    local name, path = text:match("^([%w._-]+)=(.+)$")
    if not name or name == kind then
      own.path = path or text
    else
      list[#list + 1] = { name = name, kind = kind, path = path }
    end
  end
  return list
end

local function definitions(given)
  local list = { { name = "c", kind = "c" } }
  for _, kind in ipairs { "luajit", "lua54" } do
    for _, definition in ipairs(definitions_of(kind, given[kind])) do
      list[#list + 1] = definition
    end
  end
  return list
end

local function check_names(wanted, known)
  local is_known, names = {}, {}
  for i, definition in ipairs(known) do
    if is_known[definition.name] then
      fail.usage("the caller name '%s' is given twice", definition.name)
    end
    names[i], is_known[definition.name] = definition.name, true
  end
  for _, name in ipairs(wanted) do
    if not is_known[name] then
      fail.usage("unknown caller '%s'; callers: %s", name, table.concat(names, ", "))
    end
  end
end

local function contains(list, name)
  for _, element in ipairs(list) do
    if element == name then return true end
  end
  return false
end

--- The callers of a run.
-- @string build the build folder
-- @tparam table given `luajit`, `lua54`: arrays of NAME=PATH or PATH from the command line
-- @tparam {string,...} wanted names; none for all
-- @treturn {table,...} each with `name`, `kind`, `argv` (program and first arguments), `build`
function callers.select(build, given, wanted)
  local known, list = definitions(given), {}
  check_names(wanted, known)
  for _, definition in ipairs(known) do
    if #wanted == 0 or contains(wanted, definition.name) then
      local make = definition.kind == "c" and c_caller or vm_caller
      list[#list + 1] = make(definition, build)
    end
  end
  return list
end

--- The whole environment of a caller's processes: the same for all strategies but for LD_PRELOAD.
-- @tparam table caller
-- @tparam[opt] string preload library to preload
function callers.environment(caller, preload)
  local env = {
    PATH = "/usr/local/bin:/usr/bin:/bin",
    LC_ALL = "C",
    -- Debian's jemalloc cannot be loaded at run time without room for its thread-local storage.
    GLIBC_TUNABLES = "glibc.rtld.optional_static_tls=16384",
    WINHEAP_LIBDIR = caller.build .. "/lib",
    LD_PRELOAD = preload,
  }
  if caller.modules then
    env.LUA_PATH = ("%s/bench/lua/?.lua"):format(paths.root)
    if caller.kind == "luajit" then
      -- Not for Lua 5.4: there the binding is a C module, and Lua looks for Lua files first.
      env.LUA_PATH = ("%s/bindings/luajit/?.lua;"):format(paths.root) .. env.LUA_PATH
    end
    env.LUA_CPATH = ("%s/lua/%s/?.so"):format(caller.build, caller.modules)
  end
  return env
end

return callers
