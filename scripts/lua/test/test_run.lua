-- `heaplab run` from outside: real runs with the real benchmark programs, and everything that can
-- go wrong with a stand-in for a VM (fake_vm.sh).

local cjson = require "cjson"
local lfs = require "lfs"
local lu = require "luaunit"

local callers = require "heaplab.callers"
local catalogue = require "heaplab.catalogue"
local files = require "heaplab.files"
local paths = require "heaplab.paths"
local process = require "heaplab.process"
local runs = require "heaplab.runs"
local scratch = require "test.scratch"

local function write(path, text)
  assert(files.write(path, text))
end

local HEAPLAB = paths.root .. "/scripts/heaplab"
local BUILD = paths.build()

local Case = {}

function Case:setUp()
  self.folder = scratch.make()
  self.results = paths.results
  paths.set_results(self.folder .. "/results")
  self.vm = self.folder .. "/fake_vm.sh"
  write(self.vm, scratch.read(paths.root .. "/scripts/lua/test/fake_vm.sh"))
  assert(process.run({ argv = { "chmod", "+x", self.vm } }).ok)
end

function Case:tearDown()
  scratch.remove(self.folder)
  paths.set_results(self.results)
end

local function heaplab(...)
  return process.run { argv = { HEAPLAB, ... }, env = { PATH = os.getenv("PATH"),
    HEAPLAB_BUILD = BUILD, HEAPLAB_RESULTS = paths.results, LANG = "C" } }
end

-- Runs the stand-in with some of its strategies.
function Case:fake(strategies, ...)
  return heaplab("run", "--profile", "smoke", "--caller", "lua54", "--lua", self.vm, "--strategy",
    strategies, ...)
end

local function latest()
  return assert(runs.load(assert(runs.resolve("latest"))))
end

local function count(run, fields)
  local matching = 0
  for _, sample in ipairs(run.samples) do
    local fits = true
    for name, value in pairs(fields) do fits = fits and sample[name] == value end
    if fits then matching = matching + 1 end
  end
  return matching
end

local function one_line(result, text)
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.stderr, text)
  lu.assertStrMatches(result.stderr, "heaplab: [^\n]*\n")
end

local TestReal = setmetatable({}, { __index = Case })

function TestReal.test_a_smoke_run_of_c()
  local result = heaplab("run", "--profile", "smoke", "--caller", "c", "--seed", "7")
  lu.assertEquals({ result.code, result.stderr:match("heaplab:[^\n]*") }, { 0, nil })
  local run = latest()
  lu.assertEquals({ run.meta.status, run.meta.rounds_done, run.meta.seed }, { "complete", 3, 7 })
  lu.assertEquals(run.meta.failures, {})
  lu.assertEquals(count(run, { strategy = "heap:native", workload = "pair",
    metric = "cpu_time" }), 3)
  lu.assertEquals(count(run, { strategy = "control:malloc:glibc", workload = "pair",
    metric = "cpu_time" }), 3)
  lu.assertTrue(count(run, { strategy = "heap:native", metric = "peak_rss" }) > 0)
  lu.assertStrMatches(run.meta.id, "%d+T%d+Z%-%w+")
  lu.assertStrMatches(run.meta.fingerprint.key, ("%x"):rep(16))
  for _, name in ipairs { "cpu", "kernel", "libc", "compiler", "benchmark_library" } do
    lu.assertNotEquals(run.meta.fingerprint[name], "unknown", name)
  end
end

function TestReal.test_every_strategy_proves_its_libraries()
  heaplab("run", "--profile", "smoke", "--caller", "c", "--rounds", "1")
  for _, strategy in ipairs(latest().meta.strategies) do
    if strategy.found then
      lu.assertStrMatches(strategy.proof.malloc_build_id, "%x+")
      local engine = strategy.name:match("^heap:(%w+)")
      if engine then
        lu.assertStrContains(strategy.proof.engine_path, "libwinheap-" .. engine .. ".so")
        lu.assertStrContains(strategy.proof.engine, strategy.proof.engine_build_id)
      end
    end
  end
end

function TestReal.test_the_raw_output_of_every_process_is_kept()
  heaplab("run", "--profile", "smoke", "--caller", "c", "--filter", "pair", "--rounds", "2")
  local run = latest()
  local names = files.list(run.dir .. "/raw")
  lu.assertStrMatches(names[1], "r01%-c%-1%.json")
  for _, name in ipairs(names) do
    lu.assertNotNil(cjson.decode(scratch.read(run.dir .. "/raw/" .. name)).benchmarks)
  end
end

function TestReal.test_the_seed_repeats_the_order()
  local function order(seed)
    heaplab("run", "--profile", "smoke", "--caller", "c", "--rounds", "1", "--seed", seed)
    local dir, list = latest().dir, {}
    for _, name in ipairs(files.list(dir .. "/raw")) do
      local raw = cjson.decode(scratch.read(dir .. "/raw/" .. name))
      list[#list + 1] = raw.context.heaplab_strategy .. " " .. raw.benchmarks[1].label
    end
    return list
  end
  local first = order("1")
  lu.assertEquals(order("1"), first)
  lu.assertNotEquals(order("2"), first)
end

function TestReal.test_cases_and_compare_read_the_run()
  heaplab("run", "--profile", "smoke", "--caller", "c", "--filter", "pair")
  local result = heaplab("compare", "--run", "latest", "--base", "malloc:glibc", "--against",
    "nop", "--format", "json")
  local compared = cjson.decode(result.stdout)
  lu.assertEquals(compared.cases[1].name, "c/pair/size=64")
  lu.assertTrue(compared.geomean.ratio < 1)
  local best = heaplab("compare", "--best-of", "malloc:glibc,nop", "--against", "nop", "--format",
    "tsv")
  lu.assertStrContains(best.stdout, "c/pair/size=64\t1\t1\t1\t")
  local listed = heaplab("cases", "--run", "latest", "--format", "tsv", "--filter", "=nop/")
  lu.assertStrContains(listed.stdout,
    "caller\tworkload\tparameters\tstrategy\tmetric\tmedian\tlow\thigh\tunit\n")
  lu.assertStrContains(listed.stdout, "c\tpair\tsize=64\tnop\tcpu_time\t")
end

function TestReal:test_libraries_of_the_user_are_strategies()
  local engine = self.folder .. "/mine.so"
  write(engine, scratch.read(BUILD .. "/lib/libwinheap-native.so"))
  local jemalloc = self.folder .. "/libother.so"
  write(jemalloc, scratch.read("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"))
  local result = heaplab("run", "--profile", "smoke", "--caller", "c", "--filter", "pair",
    "--rounds", "1", "--engine", "mine=" .. engine, "--malloc", "other=" .. jemalloc)
  lu.assertEquals({ result.code, result.stderr:match("failed[^\n]*") }, { 0, nil })
  for _, strategy in ipairs(latest().meta.strategies) do
    if strategy.name == "heap:mine" then lu.assertEquals(strategy.proof.engine_path, engine) end
    if strategy.name == "malloc:other" then
      lu.assertEquals(strategy.proof.malloc_path, jemalloc)
    end
  end
  lu.assertEquals(count(latest(), { strategy = "heap:mine", metric = "cpu_time" }), 1)
  lu.assertEquals(count(latest(), { strategy = "malloc:other", metric = "cpu_time" }), 1)
end

function TestReal.test_mimalloc_is_not_found_in_any_of_its_forms()
  local missing = { mimalloc = { hint = "install libmimalloc2.0" } }
  local list = catalogue.load(callers.select(BUILD, {}, { "c" })[1],
    { engines = {}, mallocs = missing })
  local hints = {}
  for _, strategy in ipairs(list) do
    if not strategy.found then hints[strategy.name] = strategy.hint end
  end
  lu.assertEquals({ hints["malloc:mimalloc"], hints["mi_heap:direct"] },
    { "install libmimalloc2.0", "install libmimalloc2.0" })
end

function TestReal.test_list_measures_nothing()
  local result = heaplab("run", "--profile", "smoke", "--caller", "c", "--list")
  lu.assertStrContains(result.stdout, "c/pair/strategy=heap:native/size=64\n")
  lu.assertNil(lfs.attributes(paths.results))
end

local TestFailures = setmetatable({}, { __index = Case })

function TestFailures:test_a_crash_costs_its_case_alone()
  local result = self:fake("crash", "--rounds", "2")
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.stdout,
    "failed in round 1: lua54/bad/strategy=crash/size=1: signal SIGSEGV\n")
  local run = latest()
  lu.assertEquals(run.meta.status, "complete")
  lu.assertEquals(#run.meta.failures, 1)
  lu.assertEquals(run.meta.failures[1], { round = 1, caller = "lua54", strategy = "crash",
    case = "lua54/bad/strategy=crash/size=1", what = "signal SIGSEGV" })
  for _, workload in ipairs { "one", "two", "solo" } do
    lu.assertEquals(count(run, { strategy = "crash", workload = workload,
      metric = "cpu_time" }), 2)
  end
  lu.assertEquals(count(run, { workload = "bad" }), 0)
end

function TestFailures:test_a_hung_process_is_ended()
  local result = self:fake("hang", "--filter", "solo", "--rounds", "2", "--timeout", "1")
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.stdout, "solo/strategy=hang/size=1: timeout after 1 s\n")
  lu.assertEquals(latest().meta.status, "complete")
end

function TestFailures:test_a_false_proof_counts_for_nothing()
  local result = self:fake("liar", "--rounds", "1")
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.stdout, "malloc came from /lib/libother.so, not from the C library")
  lu.assertEquals(count(latest(), { strategy = "liar" }), 0)
  lu.assertEquals(count(latest(), { strategy = "userdata:malloc", workload = "one",
    metric = "cpu_time" }), 1)
end

function TestFailures:test_ctrl_c_keeps_the_finished_rounds()
  write(self.folder .. "/stop_round", "03")
  local result = self:fake("stop", "--rounds", "5", "--filter", "one")
  lu.assertEquals(result.code, 130)
  lu.assertStrContains(result.stderr, "heaplab: interrupted; 2 finished rounds are kept\n")
  local run = latest()
  lu.assertEquals({ run.meta.status, run.meta.rounds_done }, { "interrupted", 2 })
  lu.assertEquals(count(run, { strategy = "stop", metric = "cpu_time" }), 2)
  for _, name in ipairs(files.list(run.dir .. "/raw")) do lu.assertStrMatches(name, "r0[12].*") end
end

function TestFailures:test_ctrl_c_in_the_first_round_leaves_latest_alone()
  write(self.folder .. "/stop_round", "01")
  local result = self:fake("stop", "--filter", "one")
  lu.assertEquals(result.code, 130)
  lu.assertNil(lfs.symlinkattributes(paths.runs() .. "/latest"))
  local id = runs.list()[1]
  one_line(heaplab("cases"), "no run 'latest' in " .. paths.runs() .. " (newest: " .. id .. ")")
  for _, verb in ipairs { { "cases" }, { "compare", "--base", "nop", "--against", "stop" } } do
    one_line(heaplab(verb[1], "--run", id, unpack(verb, 2)),
      id .. " holds no sample: 0 of 3 rounds were finished")
  end
end

function TestFailures:test_ctrl_c_while_the_cases_are_listed()
  write(self.folder .. "/stop_listing", "")
  local result = self:fake("fine")
  lu.assertEquals({ result.signal, result.stderr }, { "SIGINT", "" })
  lu.assertNil(lfs.attributes(paths.results))
end

function TestFailures:test_what_nohup_ignores_stays_ignored()
  local result = process.run { argv = { "sh", "-c", "trap '' HUP; exec \"$0\" run --profile smoke"
    .. " --caller lua54 --lua \"$1\" --strategy hangup --rounds 1", HEAPLAB, self.vm },
    env = { PATH = os.getenv("PATH"), HEAPLAB_BUILD = BUILD, HEAPLAB_RESULTS = paths.results } }
  lu.assertEquals(result.code, 0, result.stderr)
  lu.assertEquals(latest().meta.status, "complete")
end

function TestFailures:test_a_second_vm_is_another_caller()
  local result = heaplab("run", "--profile", "smoke", "--caller", "other", "--lua",
    "other=" .. self.vm, "--strategy", "fine", "--rounds", "1")
  lu.assertEquals(result.code, 0, result.stderr)
  lu.assertEquals(count(latest(), { caller = "other", strategy = "fine", workload = "one",
    metric = "cpu_time" }), 1)
  lu.assertEquals(latest().meta.reference, { other = "userdata:malloc" })
end

-- A limit on file sizes stands for the full disk: writes beyond it fail.
function TestFailures:test_a_full_disk_is_one_line_and_no_latest()
  local function limited(blocks)
    return process.run { argv = { "sh", "-c", "trap '' XFSZ; ulimit -f " .. blocks
      .. '; exec "$0" run --profile smoke --caller lua54 --lua "$1" --strategy fine --rounds 99',
      HEAPLAB, self.vm }, env = { PATH = os.getenv("PATH"), HEAPLAB_BUILD = BUILD,
      HEAPLAB_RESULTS = paths.results } }
  end
  for _, blocks in ipairs { 1, 16 } do
    local result = limited(blocks)
    lu.assertEquals(result.code, 1)
    lu.assertStrMatches(result.stderr, ".*heaplab: cannot write [^\n]*\n")
    lu.assertNil(lfs.symlinkattributes(paths.runs() .. "/latest"))
  end
  for _, id in ipairs(runs.list()) do
    lu.assertEquals(assert(runs.load(paths.runs() .. "/" .. id)).meta.status, "interrupted")
  end
end

function TestFailures:test_no_case_fails_for_a_full_disk()
  local result = process.run { argv = { "sh", "-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" run"
    .. ' --profile smoke --caller lua54 --lua "$1" --strategy full', HEAPLAB, self.vm },
    env = { PATH = os.getenv("PATH"), HEAPLAB_BUILD = BUILD, HEAPLAB_RESULTS = paths.results } }
  lu.assertEquals(result.code, 1)
  lu.assertNotStrContains(result.stderr, "failed:")
  lu.assertStrMatches(result.stderr, "[^\n]*\nheaplab: cannot write [^\n]*\n")
  lu.assertNil(lfs.symlinkattributes(paths.runs() .. "/latest"))
end

local TestInput = setmetatable({}, { __index = Case })

function TestInput.test_unknown_names_list_the_valid_ones()
  one_line(heaplab("run", "--profile", "huge"), "unknown profile 'huge'; profiles: smoke, quick,")
  one_line(heaplab("run", "--caller", "perl"), "unknown caller 'perl'; callers: c, luajit, lua54")
  one_line(heaplab("run", "--strategy", "heap:nosuch"), "unknown strategy 'heap:nosuch'; strate")
  one_line(heaplab("run", "--filter", "nosuch"), "no case key matches 'nosuch'; there are c/pair")
  one_line(heaplab("run", "--filter", "["), "no POSIX extended regular expression")
end

function TestInput.test_malformed_options()
  one_line(heaplab("run", "--rounds", "0"), "'0' is not a whole number of at least 1")
  one_line(heaplab("run", "--rounds", "1.5"), "not a whole number")
  one_line(heaplab("run", "--seed=-1"), "not a whole number of at least 0")
  one_line(heaplab("run", "--bogus"), "unknown option '--bogus'")
  one_line(heaplab("run", "--engine", "nopath"), "NAME=lib.so is needed")
  one_line(heaplab("run", "--engine", "x=/nowhere/lib.so"), "no such file: /nowhere/lib.so")
  one_line(heaplab("run", "--malloc", "x=/nowhere/lib.so"), "no such file: /nowhere/lib.so")
  one_line(heaplab("run", "--luajit", "/nowhere/luajit"), "no such program: /nowhere/luajit")
  one_line(heaplab("run", "--lua", "c=/bin/sh"), "the caller name 'c' is given twice")
end

function TestInput.test_names_of_libraries_that_stand_for_another()
  local file = BUILD .. "/lib/libwinheap-native.so"
  one_line(heaplab("run", "--malloc", "glibc=" .. file), "'glibc' is the C library's own malloc")
  one_line(heaplab("run", "--malloc", "x=" .. file, "--malloc", "x=" .. file),
    "the name 'x' is given twice")
  one_line(heaplab("run", "--malloc", "x=" .. file, "--caller", "lua54"),
    "none of the chosen callers runs on a preloaded malloc; c does")
end

function TestInput:test_an_unusable_store_is_seen_before_measuring()
  local result = process.run { argv = { HEAPLAB, "run", "--profile", "smoke", "--caller", "lua54",
    "--lua", self.vm, "--strategy", "fine" }, env = { PATH = os.getenv("PATH"),
    HEAPLAB_BUILD = BUILD, HEAPLAB_RESULTS = paths.results, HEAPLAB_DB = "/nowhere/history.db" } }
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.stderr, "heaplab: /nowhere/history.db: ")
  lu.assertNil(lfs.attributes(paths.runs()))
end

function TestInput:test_places_that_cannot_be_used()
  one_line(heaplab("run", "--build", self.folder), "/bin/heaplab-bench not found; build it")
  write(self.folder .. "/file", "")
  one_line(self:fake("fine", "--out", self.folder .. "/file/results"), "cannot make the folder")
  one_line(self:fake("fine", "--out", "/proc/results"), "cannot make the folder")
end

function TestInput:test_a_program_that_is_no_benchmark()
  one_line(heaplab("run", "--caller", "lua54", "--lua", "/bin/false"),
    "lua54: cannot list its strategies: exit 1")
  one_line(heaplab("run", "--caller", "lua54", "--lua", "/bin/echo"),
    "lua54: cannot list its strategies: it printed no table of strategy profile needs")
  lu.assertNil(lfs.attributes(self.folder .. "/results"))
end

os.exit(lu.LuaUnit.new():runSuiteByInstances({ { "real", TestReal }, { "failures", TestFailures },
  { "input", TestInput } }))
