-- Comparisons on synthetic runs whose truth is known.

local lu = require "luaunit"
local sorted = require("pl.tablex").sort

local compare = require "heaplab.compare"
local fail = require "heaplab.fail"
local rng = require "heaplab.rng"
local summary = require "heaplab.summary"

-- A run whose values are factor × noise × the drift of its round.
-- The noise is drawn in the order of names: that of pairs() differs from process to process.
-- cases: map PARAMS -> map STRATEGY -> factor, or a function of the round
local function synthetic(cases, options)
  options = options or {}
  local generator, samples = rng.new(options.seed or 1), {}
  local noise = options.noise or 0.01
  for round = 1, options.rounds or 15 do
    local drift = 1 + 0.2 * math.sin(round)
    for params, strategies in sorted(cases) do
      for strategy, factor in sorted(strategies) do
        local value = type(factor) == "function" and factor(round) or factor
        value = value * drift * (1 + noise * (generator:next32() / 2 ^ 31 - 1))
        samples[#samples + 1] = { round = round, caller = "c", workload = "pair", params = params,
          strategy = strategy, metric = options.metric or "cpu_time", value = value,
          unit = options.metric and "bytes" or "ns/op" }
      end
    end
  end
  return { dir = "/nowhere", samples = samples, meta = { reference = { c = "ref" },
    control = { c = { of = "ref", name = "control:ref" } }, strategies = {}, failures = {},
    rounds_done = options.rounds or 15 } }
end

local function four_truths()
  return synthetic { ["size=1"] = { ref = 100, ["control:ref"] = 100, new = 120 },
    ["size=2"] = { ref = 100, ["control:ref"] = 100, new = 80 },
    ["size=3"] = { ref = 100, ["control:ref"] = 100, new = 100 },
    ["size=4"] = { ref = 100, ["control:ref"] = 100, new = function(round)
      return round % 3 == 0 and 104 or 98
    end } }
end

local function verdicts(result)
  local found = {}
  for _, row in ipairs(result.cases) do found[row.name] = row.verdict end
  return found
end

local TestCompare = {}

function TestCompare.test_verdicts()
  local result = compare.strategies(four_truths(), { base = "ref", against = "new" })
  lu.assertEquals(verdicts(result), { ["c/pair/size=1"] = "slower", ["c/pair/size=2"] = "faster",
    ["c/pair/size=3"] = "equivalent", ["c/pair/size=4"] = "unresolved" })
  lu.assertAlmostEquals(result.cases[1].ratio, 1.2, 0.02)
  lu.assertEquals(result.cases[1].rounds, 15)
  lu.assertTrue(result.corrected)
end

function TestCompare.test_the_geometric_mean()
  local run = synthetic({ ["size=1"] = { ref = 100, new = 200 },
    ["size=2"] = { ref = 100, new = 50 }, ["size=3"] = { ref = 100, new = 800 } }, { noise = 0 })
  local mean = compare.strategies(run, { base = "ref", against = "new" }).geomean
  lu.assertAlmostEquals(mean.ratio, 800 ^ (1 / 3) / 100 ^ (1 / 3), 1e-9)
  lu.assertAlmostEquals(mean.low, mean.high, 1e-9)
end

function TestCompare.test_the_best_of_several_case_by_case()
  local run = synthetic { ["size=1"] = { a = 100, b = 50, new = 100 },
    ["size=2"] = { a = 100, b = 400, new = 100 } }
  local result = compare.strategies(run, { best_of = { "a", "b" }, against = "new" })
  lu.assertEquals({ result.cases[1].base, result.cases[2].base }, { "b", "a" })
  lu.assertEquals(verdicts(result), { ["c/pair/size=1"] = "slower",
    ["c/pair/size=2"] = "equivalent" })
end

function TestCompare.test_a_fired_null_control_invalidates_verdicts()
  local run = synthetic { ["size=1"] = { ref = 100, ["control:ref"] = 130, new = 200 } }
  local result = compare.strategies(run, { base = "ref", against = "new" })
  lu.assertEquals(verdicts(result), { ["c/pair/size=1"] = "invalid" })
  lu.assertNotNil(result.controls.c)
end

function TestCompare.test_too_few_rounds_carry_no_verdict()
  local run = synthetic({ ["size=1"] = { ref = 100, new = 200 } }, { rounds = 5 })
  local result = compare.strategies(run, { base = "ref", against = "new" })
  lu.assertEquals(result.cases[1].verdict, "invalid")
  lu.assertEquals(result.cases[1].mde, math.huge)
end

function TestCompare.test_two_clusters_carry_no_verdict()
  local run = synthetic { ["size=1"] = { ref = 100, new = function(round)
    return round % 2 == 0 and 150 or 300
  end } }
  lu.assertEquals(compare.strategies(run, { base = "ref", against = "new" }).cases[1].verdict,
    "invalid")
end

function TestCompare.test_holm_counts_all_cases()
  local cases = {}
  for size = 1, 200 do
    cases["size=" .. size] = { ref = 100, ["control:ref"] = 100, new = 100 }
  end
  local run = synthetic(cases, { noise = 0.2 })
  for _, row in ipairs(compare.strategies(run, { base = "ref", against = "new" }).cases) do
    lu.assertTrue(row.verdict == "unresolved" or row.verdict == "equivalent", row.verdict)
  end
end

function TestCompare.test_less_than_a_clock_cycle_is_no_difference()
  local run = synthetic({ ["size=1"] = { ref = 1, new = 1.1 } }, { noise = 0.001 })
  lu.assertEquals(compare.strategies(run, { base = "ref", against = "new" }).cases[1].verdict,
    "equivalent")
end

function TestCompare.test_filter_caller_and_metric()
  local run = four_truths()
  local function count(options)
    options.base, options.against = "ref", "new"
    return #compare.strategies(run, options).cases
  end
  lu.assertEquals(count { filter = "size=[12]$" }, 2)
  lu.assertEquals(count { caller = "c" }, 4)
  local memory = synthetic({ ["size=1"] = { ref = 100, new = 300 } }, { metric = "peak_rss" })
  lu.assertEquals(compare.strategies(memory, { base = "ref", against = "new",
    metric = "peak_rss" }).cases[1].verdict, "slower")
end

function TestCompare.test_a_case_that_failed_half_way_is_left_out_of_the_mean()
  local run = synthetic({ ["size=1"] = { ref = 100, new = 200 },
    ["size=2"] = { ref = 100, new = 800 } }, { noise = 0 })
  local kept = {}
  for _, sample in ipairs(run.samples) do
    if sample.params == "size=1" or sample.round <= 8 then kept[#kept + 1] = sample end
  end
  run.samples = kept
  local result = compare.strategies(run, { base = "ref", against = "new" })
  lu.assertAlmostEquals(result.geomean.ratio, 2, 1e-9)
  lu.assertEquals({ result.geomean.cases, result.cases[2].rounds }, { 1, 8 })
end

-- Peak memory of zero has no logarithm, so that cases may lack different rounds.
function TestCompare.test_the_mean_is_over_the_same_cases_in_every_round()
  local run = synthetic({ ["size=1"] = { ref = 100, new = 200 },
    ["size=2"] = { ref = 100, new = 800 } }, { noise = 0 })
  for _, sample in ipairs(run.samples) do
    local lacking = sample.params == "size=1" and 3 or 7
    if sample.round == lacking and sample.strategy == "new" then sample.value = 0 end
  end
  local mean = compare.strategies(run, { base = "ref", against = "new" }).geomean
  lu.assertEquals({ mean.cases, mean.rounds }, { 1, 14 })
  lu.assertAlmostEquals(mean.low, 2, 1e-9)
  lu.assertAlmostEquals(mean.high, 2, 1e-9)
end

function TestCompare.test_a_case_that_failed_half_way_loosens_no_other_verdict()
  local cases = {}
  for size = 1, 40 do cases["size=" .. size] = { ref = 100, new = 100 } end
  local run, kept = synthetic(cases), {}
  for _, sample in ipairs(run.samples) do
    if sample.params ~= "size=7" or sample.round <= 2 then kept[#kept + 1] = sample end
  end
  run.samples = kept
  local result = compare.strategies(run, { base = "ref", against = "new" })
  lu.assertTrue(result.corrected)
  for _, row in ipairs(result.cases) do lu.assertNotNil(row.p_adjusted) end
  lu.assertEquals(verdicts(result)["c/pair/size=7"], "invalid")
end

function TestCompare.test_the_mde_is_not_below_the_margin()
  local run = synthetic({ ["size=1"] = { ref = 1, new = 1.1 }, ["size=2"] = { ref = 100,
    new = 101 } }, { noise = 0.0001 })
  local result = compare.strategies(run, { base = "ref", against = "new" })
  lu.assertAlmostEquals(result.cases[1].mde, 0.25, 0.05)
  lu.assertAlmostEquals(result.cases[2].mde, 0.02, 1e-9)
end

function TestCompare.test_unknown_names_list_the_known()
  local run = four_truths()
  local function message(options)
    local ok, err = pcall(compare.strategies, run, options)
    lu.assertFalse(ok)
    return fail.message(err)
  end
  lu.assertStrContains(message { base = "nosuch", against = "new" },
    "no strategy 'nosuch' in this run; it has control:ref, new, ref")
  lu.assertStrContains(message { base = "ref", against = "new", metric = "nosuch" }, "cpu_time")
  lu.assertStrContains(message { base = "ref", against = "new", caller = "lua54" }, "it has c")
  lu.assertStrContains(message { base = "ref", against = "new", filter = "zzz" }, "no case")
end

local TestSummary = {}

function TestSummary.test_by_caller_and_workload_the_slowest_first()
  local run = synthetic { [""] = { ref = 100, ["heap:native"] = 50, other = 150 } }
  for _, place in ipairs { { "lua54", "drop" }, { "c", "zero" }, { "own", "drop" },
    { "luajit", "live" }, { "luajit", "drop" } } do
    run.meta.reference[place[1]] = "ref"
    for _, sample in ipairs(synthetic({ [""] = { ref = 100, ["heap:native"] = 150 } }).samples) do
      sample.caller, sample.workload = place[1], place[2]
      table.insert(run.samples, sample)
    end
  end
  local places = {}
  for i, one in ipairs(summary.tables(run)) do places[i] = one.caller .. " " .. one.workload end
  lu.assertEquals(places, { "c pair", "c zero", "luajit drop", "luajit live", "lua54 drop",
    "own drop" })
  lu.assertEquals(summary.tables(run)[1].lines[1].strategy, "other")
end

function TestSummary.test_a_run_in_which_every_case_failed()
  local run = synthetic {}
  run.meta.failures = { { round = 1, caller = "c", strategy = "new", case = "c/x/strategy=new",
    what = "signal SIGSEGV" } }
  lu.assertEquals(summary.text(run), "failed in round 1: c/x/strategy=new: signal SIGSEGV\n")
end

function TestSummary.test_what_verdicts_rest_on_is_said()
  local function text(rounds, count)
    local cases = {}
    for size = 1, count do cases["size=" .. size] = { ref = 100, new = 120 } end
    return summary.text(synthetic(cases, { rounds = rounds }))
  end
  lu.assertStrContains(text(1, 1), "\n1 round carries no verdict; at least 6 are needed.\n")
  lu.assertStrContains(text(3, 2), "\n3 rounds carry no verdict; at least 6 are needed.\n")
  lu.assertStrContains(text(8, 20), "\n8 rounds are too few for Holm's correction over 20 cases")
  lu.assertNotStrContains(text(15, 20), "rounds")
end

function TestSummary.test_what_is_missing_or_failed_is_said()
  local run = four_truths()
  run.meta.strategies = { { caller = "c", name = "malloc:jemalloc", found = false,
    hint = "install libjemalloc2" } }
  run.meta.failures = { { round = 2, caller = "c", strategy = "new",
    case = "c/pair/strategy=new/size=9", what = "signal SIGSEGV" } }
  local text = summary.text(run)
  lu.assertStrContains(text, "c: malloc:jemalloc: not found; install libjemalloc2\n")
  lu.assertStrContains(text, "failed in round 2: c/pair/strategy=new/size=9: signal SIGSEGV\n")
end

os.exit(lu.LuaUnit.new():runSuiteByInstances({ { "compare", TestCompare },
  { "summary", TestSummary } }))
