-- The statistics against R's values, and their behaviour on simulated noise.

local lu = require "luaunit"

local bimodal = require "heaplab.stats.bimodal"
local holm = require "heaplab.stats.holm"
local mde = require "heaplab.stats.mde"
local order = require "heaplab.stats.order"
local ratio = require "heaplab.stats.ratio"
local rng = require "heaplab.rng"
local sign = require "heaplab.stats.sign"

local reference = require "test.reference.statistics"

local function near(actual, expected)
  lu.assertAlmostEquals(actual, expected, 1e-9 * math.max(1, math.abs(expected)))
end

local function by_round(values)
  local rounds = {}
  for i, value in ipairs(values) do rounds[i] = value end
  return rounds
end

-- A source of normal values that is the same in every test run.
local function gaussian(seed)
  local generator = rng.new(seed)
  local function uniform() return (generator:next32() + 0.5) / 2 ^ 32 end
  return function()
    return math.sqrt(-2 * math.log(uniform())) * math.cos(2 * math.pi * uniform())
  end
end

local function repeated(n, draw)
  local values = {}
  for i = 1, n do values[i] = draw() end
  return values
end

local TestReference = {}

function TestReference.test_binomial_cumulative()
  for _, case in ipairs(reference.cumulative) do
    near(sign.cumulative(case.k, case.n, case.p), case.value)
  end
end

function TestReference.test_sign_test()
  for _, case in ipairs(reference.sign_test) do
    near(sign.p_value(case.positive, case.total), case.p)
  end
end

function TestReference.test_interval_of_the_median()
  for _, case in ipairs(reference.interval) do
    lu.assertEquals(sign.rank(#case.values, case.alpha), case.rank)
    local low, high, confidence = sign.interval(order.sorted(case.values), case.alpha)
    near(low, case.low)
    near(high, case.high)
    near(confidence, case.confidence)
  end
end

function TestReference.test_quantiles()
  for _, case in ipairs(reference.quantile) do
    local sorted = order.sorted(case.values)
    for i, p in ipairs(case.p) do near(order.quantile(sorted, p), case.result[i]) end
  end
end

function TestReference.test_holm()
  for _, case in ipairs(reference.holm) do
    local adjusted = holm.adjust(case.p)
    for i, expected in ipairs(case.adjusted) do near(adjusted[i], expected) end
  end
end

function TestReference.test_paired_ratio()
  for _, case in ipairs(reference.paired) do
    local result = ratio.paired(by_round(case.base), by_round(case.against))
    near(result.ratio, case.ratio)
    near(result.low, case.low)
    near(result.high, case.high)
    near(result.p, case.p)
  end
end

function TestReference.test_minimum_detectable_effect()
  for _, case in ipairs(reference.mde) do
    lu.assertAlmostEquals(mde.of(case.logs, case.alpha), case.mde, 1e-6)
  end
end

local TestSimulated = {}

function TestSimulated.test_interval_covers_the_true_ratio()
  local draw, covered, trials = gaussian(1), 0, 2000
  for _ = 1, trials do
    local result = ratio.of_logs(repeated(15, function() return 0.1 + 0.03 * draw() end))
    if result.low <= math.exp(0.1) and math.exp(0.1) <= result.high then covered = covered + 1 end
  end
  lu.assertTrue(covered / trials >= 0.95, "covered " .. covered)
end

function TestSimulated.test_identical_programs_differ_rarely()
  local draw, fired, trials = gaussian(2), 0, 2000
  for _ = 1, trials do
    if ratio.of_logs(repeated(15, draw)).p <= 0.05 then fired = fired + 1 end
  end
  lu.assertTrue(fired / trials <= 0.05, "fired " .. fired)
end

-- The promise of the mde: a shift of that size is found about four times of five.
function TestSimulated.test_a_shift_of_the_mde_is_found()
  local draw, found, trials = gaussian(3), 0, 2000
  for _ = 1, trials do
    local shift = math.log(1 + mde.of(repeated(30, draw), 0.05))
    if ratio.of_logs(repeated(30, function() return shift + draw() end)).p <= 0.05 then
      found = found + 1
    end
  end
  lu.assertTrue(found / trials > 0.65 and found / trials < 0.9, "found " .. found)
end

function TestSimulated.test_two_clusters_are_told_from_one()
  local draw, coin = gaussian(4), rng.new(5)
  local one, two, trials = 0, 0, 1000
  for _ = 1, trials do
    local function clustered() return draw() + (coin:below(2) == 1 and 12 or 0) end
    if bimodal.gap(order.sorted(repeated(15, draw))) then one = one + 1 end
    if bimodal.gap(order.sorted(repeated(15, clustered))) then two = two + 1 end
  end
  lu.assertTrue(one / trials <= 0.005, "one cluster: " .. one)
  lu.assertTrue(two / trials >= 0.9, "two clusters: " .. two)
end

local TestHolm = {}

function TestHolm.test_it_applies_where_the_rounds_suffice()
  lu.assertTrue(holm.applies(13, 150, 0.05))
  lu.assertFalse(holm.applies(12, 150, 0.05))
  lu.assertTrue(holm.applies(15, 600, 0.05))
  lu.assertFalse(holm.applies(14, 600, 0.05))
end

function TestHolm.test_an_adjusted_value_is_never_smaller_and_keeps_the_order()
  local p = { 0.03, 0.001, 0.5, 0.04, 0.0001 }
  local adjusted = holm.adjust(p)
  for i = 1, #p do
    lu.assertTrue(adjusted[i] >= p[i] and adjusted[i] <= 1)
    for j = 1, #p do
      if p[i] < p[j] then lu.assertTrue(adjusted[i] <= adjusted[j]) end
    end
  end
end

os.exit(lu.LuaUnit.new():runSuiteByInstances({ { "reference", TestReference },
  { "simulated", TestSimulated }, { "holm", TestHolm } }))
