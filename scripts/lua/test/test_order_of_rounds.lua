-- The order of a run: random over everything, the same for the same seed.

local lu = require "luaunit"

local plan = require "heaplab.plan"
local rng = require "heaplab.rng"

local function case(name, mode)
  return { workload = name, params = "", mode = mode }
end

local function entry(name, cases)
  return { name = name, caller = { name = "c" }, cases = cases }
end

local function keys(jobs)
  local list = {}
  for i, job in ipairs(jobs) do
    local names = {}
    for j, one in ipairs(job.cases) do names[j] = one.workload end
    list[i] = job.entry.name .. ":" .. table.concat(names, ",")
  end
  return list
end

local function shared_cases(n)
  local cases = {}
  for i = 1, n do cases[i] = case("s" .. i, "shared") end
  return cases
end

local TestRng = {}

function TestRng.test_the_same_seed_gives_the_same_numbers()
  local a, b, c = rng.new(7), rng.new(7), rng.new(8)
  local different = false
  for _ = 1, 100 do
    local value = a:next32()
    lu.assertEquals(value, b:next32())
    different = different or value ~= c:next32()
  end
  lu.assertTrue(different)
end

function TestRng.test_numbers_below_n_are_even()
  local generator, counts = rng.new(3), { 0, 0, 0, 0, 0, 0, 0 }
  for _ = 1, 70000 do
    local value = generator:below(7)
    counts[value] = counts[value] + 1
  end
  local chi_square = 0
  for _, count in ipairs(counts) do chi_square = chi_square + (count - 10000) ^ 2 / 10000 end
  lu.assertTrue(chi_square < 22.5, chi_square) -- 0.999 quantile, 6 degrees of freedom
end

function TestRng.test_every_order_of_three_comes_up_as_often()
  local generator, counts, kinds = rng.new(11), {}, 0
  for _ = 1, 6000 do
    local text = table.concat(generator:shuffle { 1, 2, 3 })
    if not counts[text] then kinds = kinds + 1 end
    counts[text] = (counts[text] or 0) + 1
  end
  lu.assertEquals(kinds, 6)
  for _, count in pairs(counts) do lu.assertTrue(count > 850 and count < 1150, count) end
end

local TestPlan = {}

function TestPlan.test_one_process_for_shared_cases_and_one_for_each_alone()
  local jobs = plan.jobs { entry("a", { case("s1", "shared"), case("x", "alone"),
    case("s2", "shared"), case("y", "alone") }), entry("b", { case("x", "alone") }) }
  lu.assertItemsEquals(keys(jobs), { "a:s1,s2", "a:x", "a:y", "b:x" })
end

function TestPlan.test_a_round_keeps_every_case_once()
  local jobs = plan.jobs { entry("a", shared_cases(9)), entry("b", shared_cases(9)) }
  local round = plan.round(jobs, rng.new(1))
  lu.assertEquals(#round, 2)
  for _, job in ipairs(round) do
    local seen = {}
    for _, one in ipairs(job.cases) do seen[one.workload] = true end
    for i = 1, 9 do lu.assertTrue(seen["s" .. i]) end
    lu.assertEquals(#job.cases, 9)
  end
end

function TestPlan.test_rounds_differ_and_the_seed_repeats_them()
  local jobs = plan.jobs { entry("a", shared_cases(9)), entry("b", shared_cases(9)),
    entry("c", { case("x", "alone") }) }
  local one, two = rng.new(5), rng.new(5)
  local first, second = keys(plan.round(jobs, one)), keys(plan.round(jobs, one))
  lu.assertNotEquals(first, second)
  lu.assertEquals(keys(plan.round(jobs, two)), first)
  lu.assertEquals(keys(plan.round(jobs, two)), second)
end

os.exit(lu.LuaUnit.new():runSuiteByInstances({ { "rng", TestRng }, { "plan", TestPlan } }))
