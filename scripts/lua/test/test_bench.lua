-- The main job, small: scripts/bench on this very checkout, after the build that runs this test.

local lu = require "luaunit"
local cjson = require "cjson"
local file = require "pl.file"
local path = require "pl.path"

local root = path.abspath(arg[0]):match("^(.*)/scripts/lua/test/")
local build = assert(os.getenv("HEAPLAB_BUILD"), "HEAPLAB_BUILD names no build folder")
local out = os.tmpname()

local function shell(line, ...)
  return os.execute(line:format(...)) / 256
end

-- scripts/bench builds in build/release; started from another folder this would build twice.
if path.abspath(build) ~= root .. "/build/release" then
  print("skipped: this build is not build/release")
  os.exit(77)
end

TestBench = {}

function TestBench:setUp()
  os.remove(out)
end

function TestBench:tearDown()
  lu.assertEquals(shell("rm -rf %s %s.log", out, out), 0)
end

function TestBench:test_smoke_profile_builds_nothing_again_and_ends_in_a_report()
  local status = shell("%s/scripts/bench --no-install --profile smoke --out %s >%s.log 2>&1",
    root, out, out)
  local log = file.read(out .. ".log")
  lu.assertEquals(status, 0, log)
  lu.assertStrContains(log, "ninja: no work to do.")
  local run = path.join(out, "runs/latest")
  local meta = cjson.decode(file.read(run .. "/run.json"))
  lu.assertEquals(meta.status, "complete", log)
  lu.assertEquals(#meta.failures, 0, log)
  lu.assertEquals(meta.profile, "smoke")
  lu.assertStrContains(file.read(run .. "/report.html"), "</html>")
  lu.assertTrue(path.isfile(out .. "/history.db"))
end

os.exit(lu.LuaUnit.run())
