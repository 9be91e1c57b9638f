-- Stored runs are found by name, path and `latest`, and read back; damaged ones are refused.

local lu = require "luaunit"

local files = require "heaplab.files"
local paths = require "heaplab.paths"
local runs = require "heaplab.runs"

local HEADER = "round\tcaller\tworkload\tparams\tstrategy\tmetric\tvalue\tunit\n"

local function store(id, meta, samples)
  local dir = paths.runs() .. "/" .. id
  assert(files.make_directories(dir))
  assert(files.write(dir .. "/run.json", meta))
  assert(files.write(dir .. "/samples.tsv", HEADER .. samples))
  return dir
end

local TestRuns = {}

function TestRuns:setUp()
  self.results, self.folder = paths.results, os.tmpname()
  os.remove(self.folder)
  paths.set_results(self.folder)
end

function TestRuns:tearDown()
  files.remove(self.folder)
  paths.set_results(self.results)
end

function TestRuns.test_resolve_by_id_path_and_latest()
  local dir = store("20260101T000000Z-abc", '{"schema":1,"rounds_done":0}', "")
  assert(files.relink("20260101T000000Z-abc", paths.runs() .. "/latest"))
  lu.assertEquals(runs.resolve("20260101T000000Z-abc"), dir)
  lu.assertEquals(runs.resolve(dir), dir)
  lu.assertEquals(runs.resolve(dir .. "/"), dir)
  lu.assertEquals(runs.resolve("latest"), paths.runs() .. "/latest")
end

function TestRuns.test_list_is_oldest_first_without_latest()
  store("20260102T000000Z-b", '{"schema":1,"rounds_done":0}', "")
  store("20260101T000000Z-a", '{"schema":1,"rounds_done":0}', "")
  assert(files.relink("20260101T000000Z-a", paths.runs() .. "/latest"))
  lu.assertEquals(runs.list(), { "20260101T000000Z-a", "20260102T000000Z-b" })
end

function TestRuns.test_an_unknown_run_lists_the_known()
  store("20260101T000000Z-a", '{"schema":1,"rounds_done":0}', "")
  local dir, message = runs.resolve("nosuch")
  lu.assertNil(dir)
  lu.assertStrContains(message, "20260101T000000Z-a")
end

function TestRuns.test_samples_of_unfinished_rounds_do_not_count()
  local dir = store("r", '{"schema":1,"rounds_done":1}',
    "1\tc\tpair\tsize=64\tnop\tcpu_time\t1.5\tns/op\n" ..
    "2\tc\tpair\tsize=64\tnop\tcpu_time\t2.5\tns/op\n2\tc\tpa")
  local run = assert(runs.load(dir))
  lu.assertEquals(run.samples, { { round = 1, caller = "c", workload = "pair", params = "size=64",
    strategy = "nop", metric = "cpu_time", value = 1.5, unit = "ns/op" } })
end

function TestRuns.test_damaged_runs_are_refused()
  local function message(meta, samples)
    local run, text = runs.load(store("r", meta, samples))
    lu.assertNil(run)
    return text
  end
  lu.assertStrContains(message("{", ""), "not valid JSON")
  lu.assertStrContains(message('{"schema":99,"rounds_done":0}', ""), "schema 99")
  lu.assertStrContains(message('{"schema":1,"rounds_done":1}', "1\tc\tpair\n"), "line 2")
  lu.assertStrContains(message('{"schema":1,"rounds_done":1}',
    "1\tc\tpair\t\tnop\tcpu_time\tmany\tns/op\n"), "not a number")
end

os.exit(lu.LuaUnit.new():runSuiteByInstances({ { "TestRuns", TestRuns } }))
