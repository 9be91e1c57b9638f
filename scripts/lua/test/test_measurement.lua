-- From a process's JSON to samples, and whether its proof fits.

local cjson = require "cjson"
local lu = require "luaunit"

local files = require "heaplab.files"
local measurement = require "heaplab.measurement"
local proof = require "heaplab.proof"
local samples = require "heaplab.samples"
local scratch = require "test.scratch"

local function write(path, text)
  assert(files.write(path, text))
end

local function benchmark(label, fields)
  local entry = { name = "n", label = label, run_type = "iteration", time_unit = "ns", threads = 1,
    cpu_time = 10, real_time = 11 }
  for name, value in pairs(fields or {}) do entry[name] = value end
  return entry
end

local TestMeasurement = {}

function TestMeasurement:setUp()
  self.folder = scratch.make()
end

function TestMeasurement:tearDown()
  scratch.remove(self.folder)
end

function TestMeasurement:read(benchmarks)
  local path = self.folder .. "/out.json"
  local text = type(benchmarks) == "string" and benchmarks
    or cjson.encode { context = { heaplab_caller = "c" }, benchmarks = benchmarks }
  write(path, text)
  return measurement.read(path)
end

function TestMeasurement:test_the_median_of_repetitions_without_aggregates()
  local label = "c/pair/strategy=nop/size=64"
  local result = self:read { benchmark(label, { cpu_time = 3 }),
    benchmark(label, { cpu_time = 50 }), benchmark(label, { cpu_time = 4 }),
    benchmark(label, { cpu_time = 1000, run_type = "aggregate" }) }
  lu.assertEquals(result.cases["pair/size=64"].cpu_time, 4)
  lu.assertEquals(result.context.heaplab_caller, "c")
end

function TestMeasurement:test_units_and_threads()
  local result = self:read { benchmark("c/a/strategy=nop a user's label", { time_unit = "us" }),
    benchmark("c/b/strategy=nop", { threads = 4 }) }
  lu.assertEquals(result.cases.a.cpu_time, 10000)
  lu.assertEquals(result.cases.b.wall_time, 44)
  lu.assertEquals(result.cases.b.cpu_time, 10)
end

function TestMeasurement:test_counters()
  local result = self:read { benchmark("c/a/strategy=nop", { rss_end = 5, rss_compacted = 4,
    unknown = 3 }) }
  lu.assertEquals(result.cases.a, { cpu_time = 10, wall_time = 11, rss_end = 5,
    rss_compacted = 4 })
end

function TestMeasurement:test_an_error_or_a_missing_time_is_a_problem_of_its_case()
  local result = self:read('{"context":{},"benchmarks":['
    .. '{"label":"c/a/strategy=nop","error_occurred":true,"error_message":"out of memory"},'
    .. '{"label":"c/b/strategy=nop","time_unit":"ns","cpu_time":NaN,"real_time":1},'
    .. '{"label":"c/d/strategy=nop","time_unit":"ns","cpu_time":2,"real_time":1}]}')
  lu.assertEquals(result.cases.a, { problem = "out of memory" })
  lu.assertEquals(result.cases.b, { problem = "it reported no time" })
  lu.assertEquals(result.cases.d.cpu_time, 2)
end

function TestMeasurement:test_what_is_no_result_is_refused()
  lu.assertEquals({ self:read('{"context":{') },
    { nil, "its output is not google-benchmark's JSON" })
  lu.assertEquals({ self:read { benchmark("BM_x") } }, { nil, "a benchmark without a case key: n" })
  lu.assertNil((measurement.read(self.folder .. "/nosuch")))
end

local TestSamples = {}

local function result(strategy, mode, values)
  values.cpu_time, values.wall_time = values.cpu_time or 1, values.wall_time or 2
  return { entry = { name = strategy, caller = { name = "lua54" } }, values = values,
    case = { workload = "drop", params = "size=64", mode = mode } }
end

local function metrics(list, strategy)
  local found = {}
  for _, sample in ipairs(list) do
    if sample.strategy == strategy then found[sample.metric] = sample.value end
  end
  return found
end

function TestSamples.test_memory_is_what_exceeds_the_empty_process()
  local list = samples.of_round(4, {
    result("heap:native", "alone", { vm_hwm = 5000, minor_faults = 30, operations = 10,
      gc_cycles = 7, rss_end = 4000 }),
    result("floor", "alone", { vm_hwm = 900, minor_faults = 0, operations = 10 }),
    result("nop", "alone", { vm_hwm = 1000, minor_faults = 0, operations = 10, rss_end = 800,
      rss_compacted = 800 }) })
  lu.assertEquals(metrics(list, "heap:native"), { cpu_time = 1, wall_time = 2, peak_rss = 4000,
    rss_end = 3200, page_faults = 3, gc_cycles = 7 })
  lu.assertEquals(metrics(list, "floor").peak_rss, 0)
  lu.assertEquals(list[1].round, 4)
end

function TestSamples.test_shared_processes_have_no_memory_figures()
  local list = samples.of_round(1, { result("heap:native", "shared", { vm_hwm = 5000,
    minor_faults = 30, operations = 10 }), result("nop", "shared", { vm_hwm = 1 }) })
  lu.assertEquals(metrics(list, "heap:native"), { cpu_time = 1, wall_time = 2 })
end

function TestSamples.test_without_an_empty_process_there_is_no_peak()
  local list = samples.of_round(1, { result("heap:native", "alone", { vm_hwm = 5000 }) })
  lu.assertNil(metrics(list, "heap:native").peak_rss)
end

local TestProof = {}

local LIBC = "/lib/x86_64-linux-gnu/libc.so.6"

local function context(fields)
  local result_context = { heaplab_caller = "c", heaplab_strategy = "heap:native",
    heaplab_malloc_path = LIBC, heaplab_engine_path = "/b/libwinheap-native.so",
    heaplab_engine_build_id = "aa" }
  for name, value in pairs(fields or {}) do result_context[name] = value end
  return result_context
end

local ENTRY = { caller = { kind = "c" }, child_name = "heap:native",
  engine = "/b/libwinheap-native.so" }

function TestProof.test_a_fitting_proof()
  lu.assertNil(proof.wrong(ENTRY, context()))
  lu.assertNil(proof.wrong(ENTRY, context(), proof.of(context())))
end

function TestProof.test_another_library_than_the_strategy_names()
  lu.assertStrContains(proof.wrong(ENTRY, context { heaplab_engine_path = "/c/other.so" }),
    "the engine came from /c/other.so")
  lu.assertStrContains(proof.wrong(ENTRY, context { heaplab_malloc_path = "/l/libjemalloc.so.2" }),
    "malloc came from /l/libjemalloc.so.2")
  local preloaded = { caller = { kind = "c" }, child_name = "malloc:x", preload = "/l/libx.so" }
  lu.assertStrContains(proof.wrong(preloaded, context { heaplab_strategy = "malloc:x" }),
    "not from /l/libx.so")
end

function TestProof.test_another_strategy_or_caller()
  lu.assertStrContains(proof.wrong(ENTRY, context { heaplab_strategy = "nop" }), "strategy is nop")
  lu.assertStrContains(proof.wrong(ENTRY, context { heaplab_caller = "lua54" }), "caller is lua54")
end

function TestProof.test_a_library_that_changes_between_rounds()
  lu.assertStrContains(proof.wrong(ENTRY, context { heaplab_engine_build_id = "bb" },
    proof.of(context())), "engine_build_id changed during the run from aa to bb")
end

os.exit(lu.LuaUnit.new():runSuiteByInstances({ { "measurement", TestMeasurement },
  { "samples", TestSamples }, { "proof", TestProof } }))
