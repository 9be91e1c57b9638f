-- Bars on runs whose truth is known, the verb that prints them, and the table of bars itself.

local cjson = require "cjson"
local lu = require "luaunit"

local bar_table = require "heaplab.bar_table"
local bars = require "heaplab.bars"
local files = require "heaplab.files"
local key = require "heaplab.key"
local paths = require "heaplab.paths"
local process = require "heaplab.process"
local samples = require "heaplab.samples"
local scratch = require "test.scratch"
local synthetic = require "test.synthetic"
local tsv = require "heaplab.tsv"

local ROUNDS = 7

-- A run from map WORKLOAD/PARAMS -> map STRATEGY -> value; each round drifts for all alike.
local function run_of(cases, metric)
  local list = {}
  for bench, strategies in pairs(cases) do
    local workload, params = bench:match("^(.-)/(.*)$")
    for strategy, value in pairs(strategies) do
      for round = 1, ROUNDS do
        list[#list + 1] = { round = round, caller = "c", workload = workload, params = params,
          strategy = strategy, metric = metric or "cpu_time", unit = "ns/op",
          value = value * (1 + round / 100) }
      end
    end
  end
  return { samples = list, meta = {} }
end

-- The judgement of one bar.
local function judged(bar, cases, counts)
  bar.metric = bar.metric or "cpu_time"
  return bars.judge(run_of(cases, bar.metric), { bar }, counts)[1]
end

local TestBars = {}

function TestBars.test_the_best_peer_of_each_case()
  local bar = { cases = { "pair/size=1", "pair/size=2" }, peers = { "a", "b" }, mean = 1.0 }
  local result = judged(bar, { ["pair/size=1"] = { a = 100, b = 50, ["heap:native"] = 40 },
    ["pair/size=2"] = { a = 10, b = 90, ["heap:native"] = 20 } })
  lu.assertEquals({ result.rows[1].name, result.rows[1].base }, { "pair/size=2", "a" })
  lu.assertEquals({ result.rows[2].name, result.rows[2].base }, { "pair/size=1", "b" })
  lu.assertAlmostEquals(result.worst.ratio, 2, 1e-9)
  lu.assertAlmostEquals(result.mean.ratio, math.sqrt(2 * 0.8), 1e-9)
  lu.assertEquals(result.verdict, "missed")
end

function TestBars.test_the_mean_and_the_worst_case_are_limits_of_their_own()
  local function verdict(mean, worst)
    return judged({ cases = { "p/n=1", "p/n=2" }, peers = { "a" }, mean = mean, worst = worst },
      { ["p/n=1"] = { a = 100, ["heap:native"] = 50 },
        ["p/n=2"] = { a = 100, ["heap:native"] = 128 } }).verdict
  end
  lu.assertEquals(verdict(0.81, 1.3), "met")
  lu.assertEquals(verdict(0.79, 1.3), "missed")
  lu.assertEquals(verdict(0.81, 1.25), "missed")
  lu.assertEquals(verdict(nil, 1.3), "met")
end

function TestBars.test_another_case_of_the_same_strategy()
  local bar = { cases = { "free/order=random/n=9" }, peers = { "heap:native" },
    instead = { "order=random", "order=fifo" }, mean = 2 }
  local function with(random)
    return { ["free/order=random/n=9"] = { ["heap:native"] = random },
      ["free/order=fifo/n=9"] = { ["heap:native"] = 100 } }
  end
  lu.assertEquals(judged(bar, with(199)).verdict, "met")
  lu.assertEquals(judged(bar, with(201)).verdict, "missed")
end

function TestBars.test_a_limit_of_the_figure_itself()
  local cases = { ["cycle/n=0"] = { ["heap:native"] = 1000, ["heap:native+max"] = 10 } }
  local result = judged({ cases = { "cycle/n=0" }, most = 1040 }, cases)
  lu.assertAlmostEquals(result.worst.value, 1040, 1e-9) -- the median of 1010 to 1070
  lu.assertEquals(result.verdict, "met")
  lu.assertEquals(judged({ cases = { "cycle/n=0" }, most = 1039 }, cases).verdict, "missed")
  lu.assertEquals(judged({ cases = { "cycle/n=0" }, most = 11, strategy = "heap:native+max" },
    cases).verdict, "met")
end

function TestBars.test_what_is_missing_is_not_met()
  local bar = { cases = { "p/n=1", "p/n=2" }, peers = { "a" }, mean = 1 }
  local result = judged(bar, { ["p/n=1"] = { a = 2, ["heap:native"] = 1 }, ["p/n=2"] = { a = 2 } })
  lu.assertEquals({ result.verdict, result.missing }, { "incomplete", { "p/n=2" } })
  lu.assertEquals(judged(bar, { ["p/n=1"] = { b = 2, ["heap:native"] = 1 } }).verdict,
    "not measured")
  -- What was measured and is beyond the limit needs no other case to be a loss.
  lu.assertEquals(judged(bar, { ["p/n=1"] = { a = 1, ["heap:native"] = 2 } }).verdict, "missed")
end

function TestBars.test_instructions_come_from_their_own_table()
  local bar = { cases = { "p/n=1" }, metric = "instructions", most = 55 }
  local function with(count)
    return { { workload = "p", params = "n=1", strategy = "heap:native", instructions = count } }
  end
  lu.assertEquals(judged(bar, {}, with("55")).verdict, "met")
  lu.assertEquals(judged(bar, {}, with("55.5")).verdict, "missed")
  lu.assertEquals(judged(bar, {}, nil).verdict, "not measured")
end

function TestBars.test_losses_stand_first()
  local run = run_of { ["p/n=1"] = { ["heap:native"] = 5 } }
  local list = {}
  for i, most in ipairs { 9, 1, 9, 2 } do
    list[i] = { what = i, cases = { "p/n=1" }, metric = "cpu_time", most = most }
  end
  list[5] = { what = 5, cases = { "p/n=2" }, metric = "cpu_time", most = 1 }
  local found = {}
  for i, result in ipairs(bars.judge(run, list)) do found[i] = result.bar.what end
  lu.assertEquals(found, { 2, 4, 5, 1, 3 })
end

-- ---- the verb, on a run with every case of the table ----

local UNITS = {}
for _, metric in ipairs(samples.METRICS) do UNITS[metric.name] = metric.unit end

local function add(list, seen, metric, bench, strategy, value)
  local text = metric .. bench .. strategy
  if seen[text] or metric == "instructions" then return end
  seen[text] = true
  local workload, params = bench:match("^(.-)/(.*)$")
  for round = 1, ROUNDS do
    list[#list + 1] = { round = round, caller = "c", workload = workload, params = params,
      strategy = strategy, metric = metric, unit = UNITS[metric], value = value }
  end
end

-- Every rival needs 1000; the engine 40 where it is judged, and 100 where it is its own rival.
local function full_run(values)
  local run, seen = synthetic.run { callers = { "c" }, rounds = ROUNDS }, {}
  run.samples, run.meta.control = {}, {}
  for _, bar in ipairs(bar_table) do
    local own = values and values[bar.what] or 40
    for _, bench in ipairs(bar.cases) do
      add(run.samples, seen, bar.metric, bench, bar.strategy or bars.STRATEGY, own)
      for _, peer in ipairs(bar.peers or {}) do
        local other = bar.instead and bench:gsub(bar.instead[1], bar.instead[2]) or bench
        add(run.samples, seen, bar.metric, other, peer, peer == bars.STRATEGY and 100 or 1000)
      end
    end
  end
  return run
end

local TestVerb = {}

function TestVerb:setUp()
  self.folder = scratch.make()
  self.counts = self.folder .. "/counts.tsv"
  local lines = { tsv.line { "workload", "params", "strategy", "instructions" } }
  for _, params in ipairs { "size=64", "size=4096" } do
    for _, strategy in ipairs { "heap:native", "heap:native+no_serialize" } do
      lines[#lines + 1] = tsv.line { "pair", params, strategy, 40 }
    end
  end
  assert(files.write(self.counts, table.concat(lines)))
end

function TestVerb:tearDown()
  scratch.remove(self.folder)
end

function TestVerb:bars(run, ...)
  synthetic.write(self.folder .. "/run", run)
  return process.run { argv = { paths.root .. "/scripts/heaplab", "bars", "--run",
    self.folder .. "/run", ... }, env = { PATH = os.getenv("PATH") } }
end

function TestVerb:test_all_met()
  local result = self:bars(full_run(), "--instructions", self.counts)
  lu.assertEquals({ result.code, result.stderr }, { 0, "" }, result.stdout)
  lu.assertEquals(select(2, result.stdout:gsub("\nmet ", "")), #bar_table)
end

function TestVerb:test_a_planted_loss_is_missed_and_stands_first()
  local what = "destroy 10^6 blocks of 64 B, pages kept"
  local result = self:bars(full_run { [what] = 100001 }, "--instructions", self.counts)
  lu.assertEquals(result.code, 3)
  lu.assertStrMatches(result.stdout, "verdict [^\n]*\nmissed +destroy 10.6 [^\n]*100 µs .*")
  lu.assertEquals(select(2, result.stdout:gsub("\nmissed ", "")), 1)
end

function TestVerb:test_missing_figures_are_inconclusive()
  local result = self:bars(full_run())
  lu.assertEquals(result.code, 4)
  lu.assertEquals(select(2, result.stdout:gsub("not measured  ", "")), 3)
end

function TestVerb:test_tsv_and_json_have_a_row_for_each_case()
  local rows = tsv.parse(self:bars(full_run(), "--format", "tsv").stdout)
  local objects = cjson.decode(self:bars(full_run(), "--format", "json").stdout)
  lu.assertEquals(#rows, #objects)
  for i, object in ipairs(objects) do
    lu.assertEquals({ rows[i].bar, rows[i].case, tonumber(rows[i].value) },
      { object.bar, object.case, object.value })
  end
end

function TestVerb:test_another_table_of_counts_is_refused()
  local result = self:bars(full_run(), "--instructions", self.folder .. "/run/samples.tsv")
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.stderr, "is not the TSV of `heaplab instructions`")
end

-- ---- the table: every case, strategy and metric of it exists ----

local TestTable = {}

local function listed(strategy)
  local result = process.run { argv = { paths.build() .. "/bin/heaplab-bench", "--list",
    "--strategy=" .. strategy } }
  lu.assertEquals(result.code, 0, result.stderr)
  local cases = {}
  for _, row in ipairs(tsv.parse(result.stdout)) do
    cases[key.bench(row.workload, row.params)] = true
  end
  return cases
end

function TestTable.test_every_side_of_every_bar_is_a_case_of_the_program()
  for _, bar in ipairs(bar_table) do
    local own = listed(bar.strategy or bars.STRATEGY)
    for _, bench in ipairs(bar.cases) do
      lu.assertTrue(own[bench], bench)
      local other = bar.instead and bench:gsub(bar.instead[1], bar.instead[2]) or bench
      local found = not bar.peers
      for _, peer in ipairs(bar.peers or {}) do found = found or listed(peer)[other] end
      lu.assertTrue(found, bar.what .. ": " .. other)
    end
    lu.assertTrue(bar.metric == "instructions" or UNITS[bar.metric] ~= nil, bar.metric)
    lu.assertTrue((bar.most or bar.mean or bar.worst) ~= nil, bar.what)
  end
end

-- The cases by key that the command in docs/bars.md would run.
local function documented()
  local text = assert(files.read(paths.root .. "/docs/bars.md"))
  local command = text:match("(scripts/heaplab run .-)\n    scripts/heaplab instructions")
  local result = process.run { argv = { "sh", "-c", command .. " --list" }, cwd = paths.root,
    env = { PATH = os.getenv("PATH"), HEAPLAB_BUILD = paths.build() } }
  lu.assertEquals(result.code, 0, result.stderr)
  local keys = {}
  for line in result.stdout:gmatch("[^\n]+") do keys[line] = true end
  return keys
end

local function assert_runs(keys, bench, strategy)
  local workload, params = bench:match("^(.-)/(.*)$")
  lu.assertTrue(keys[key.case("c", workload, strategy, params)], strategy .. " " .. bench)
end

function TestTable.test_the_command_in_the_manual_runs_every_case()
  local keys = documented()
  for _, bar in ipairs(bar_table) do
    for _, bench in ipairs(bar.metric ~= "instructions" and bar.cases or {}) do
      local other = bar.instead and bench:gsub(bar.instead[1], bar.instead[2]) or bench
      assert_runs(keys, bench, bar.strategy or bars.STRATEGY)
      if bar.peers then assert_runs(keys, other, bar.peers[1]) end
    end
  end
end

os.exit(lu.LuaUnit.new():runSuiteByInstances({ { "bars", TestBars }, { "verb", TestVerb },
  { "table", TestTable } }))
