-- Paired ratios: known answers, and the properties that comparisons rely on.

local lu = require "luaunit"

local ratio = require "heaplab.stats.ratio"

local TestRatio = {}

function TestRatio.test_a_constant_factor_is_found_exactly()
  local base, against = {}, {}
  for round = 1, 15 do base[round], against[round] = 10 + round, 2 * (10 + round) end
  local result = ratio.paired(base, against)
  lu.assertAlmostEquals(result.ratio, 2, 1e-12)
  lu.assertAlmostEquals(result.low, 2, 1e-12)
  lu.assertAlmostEquals(result.high, 2, 1e-12)
  lu.assertEquals(result.rounds, 15)
  lu.assertAlmostEquals(result.p, 2 * 0.5 ^ 15, 1e-15)
end

function TestRatio.test_swapping_the_sides_inverts_the_ratio()
  local base = { 10, 11, 9, 12, 10.5, 9.7, 10.2 }
  local against = { 12, 11.5, 10, 11, 12.5, 9.9, 13 }
  local forward, backward = ratio.paired(base, against), ratio.paired(against, base)
  lu.assertAlmostEquals(forward.ratio * backward.ratio, 1, 1e-12)
  lu.assertAlmostEquals(forward.low * backward.high, 1, 1e-12)
  lu.assertEquals(forward.p, backward.p)
end

function TestRatio.test_only_rounds_with_both_values_count()
  local result = ratio.paired({ [1] = 1, [2] = 1, [4] = 1 }, { [2] = 3, [3] = 9, [4] = 3 })
  lu.assertEquals(result.rounds, 2)
  lu.assertAlmostEquals(result.ratio, 3, 1e-12)
end

function TestRatio.test_a_drift_of_the_machine_cancels()
  local base, against = {}, {}
  for round = 1, 12 do
    local drift = 1.2 ^ round
    base[round], against[round] = 5 * drift, 5.5 * drift
  end
  lu.assertAlmostEquals(ratio.paired(base, against).ratio, 1.1, 1e-9)
end

function TestRatio.test_too_few_rounds_admit_it()
  local result = ratio.paired({ 1, 1, 1 }, { 1.1, 1.2, 1.3 })
  lu.assertAlmostEquals(result.confidence, 0.75, 1e-12)
  lu.assertEquals(result.mde, math.huge)
  lu.assertAlmostEquals(result.low, 1.1, 1e-12)
  lu.assertAlmostEquals(result.high, 1.3, 1e-12)
end

function TestRatio.test_no_common_round_is_an_error()
  local result, message = ratio.paired({ 1 }, { [2] = 1 })
  lu.assertNil(result)
  lu.assertStrContains(message, "no round")
end

os.exit(lu.LuaUnit.new():runSuiteByInstances({ { "TestRatio", TestRatio } }))
