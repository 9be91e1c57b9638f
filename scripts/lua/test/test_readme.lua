-- The README's script runs on both VMs, started as the README says.

local lu = require "luaunit"
local file = require "pl.file"
local path = require "pl.path"

local root = path.abspath(arg[0]):match("^(.*)/scripts/lua/test/")
local build = assert(os.getenv("HEAPLAB_BUILD"), "HEAPLAB_BUILD names no build folder")
local script

local function run(interpreter)
  local output = script .. ".out"
  local line = ("cd %s && WINHEAP_LIBDIR=%s/lib %s %s >%s 2>&1")
    :format(root, build, interpreter, script, output)
  local status = os.execute(line)
  local text = file.read(output)
  os.remove(output)
  return status, text
end

TestReadme = {}

function TestReadme:setUp()
  local block = file.read(root .. "/README.md"):match("```lua\n(.-)```")
  lu.assertStrContains(block, 'require "winheap"')
  script = os.tmpname()
  file.write(script, block)
end

function TestReadme:tearDown()
  os.remove(script)
end

function TestReadme:test_luajit()
  local status, text = run('env LUA_PATH="$PWD/bindings/luajit/?.lua;;" luajit')
  lu.assertEquals(text, "Blob IsValid:\ttrue\t1024\n")
  lu.assertEquals(status, 0)
end

function TestReadme:test_lua54()
  local status, text = run(('env LUA_CPATH="%s/lua/5.4/?.so;;" lua5.4'):format(build))
  lu.assertEquals(text, "Blob IsValid:\ttrue\t1024\n")
  lu.assertEquals(status, 0)
end

os.exit(lu.LuaUnit.run())
