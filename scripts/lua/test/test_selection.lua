-- Which cases a run measures, and what it says when there are none.

local lu = require "luaunit"

local fail = require "heaplab.fail"
local key = require "heaplab.key"
local selection = require "heaplab.selection"

local C = { name = "c", kind = "c" }

local function case(workload, params, mode, profile)
  return { workload = workload, params = params, mode = mode, profile = profile }
end

local function strategy(name, cases, fields)
  local result = { caller = C, name = name, child_name = name, found = true, cases = cases }
  for field, value in pairs(fields or {}) do result[field] = value end
  return result
end

local function strategies()
  local list = {}
  for i, name in ipairs { "heap:native", "malloc:glibc", "malloc:jemalloc", "nop" } do
    list[i] = strategy(name, { case("pair", "size=64", "shared", "smoke"),
      case("pair", "size=1024", "shared", name == "nop" and "nightly" or "quick"),
      case("churn", "", "alone", "quick") })
  end
  return list
end

local function choose(options, list)
  options.strategies = options.strategies or {}
  options.profile = options.profile or "quick"
  local keys = {}
  for _, entry in ipairs(selection.choose({ C }, list or strategies(), options)) do
    for _, one in ipairs(entry.cases) do
      keys[#keys + 1] = key.case("c", one.workload, entry.name, one.params)
    end
  end
  return keys
end

local function message(options, list)
  local ok, err = pcall(choose, options, list)
  lu.assertFalse(ok)
  return fail.message(err)
end

local TestSelection = {}

function TestSelection.test_a_profile_includes_the_smaller_ones()
  lu.assertEquals(choose { profile = "smoke" }, {
    "c/pair/strategy=heap:native/size=64", "c/pair/strategy=malloc:glibc/size=64",
    "c/pair/strategy=control:malloc:glibc/size=64", "c/pair/strategy=malloc:jemalloc/size=64",
    "c/pair/strategy=nop/size=64" })
  lu.assertEquals(#choose { profile = "quick" }, 14)
  lu.assertEquals(#choose { profile = "full" }, 15)
end

function TestSelection.test_the_reference_rides_along_with_its_control()
  lu.assertEquals(choose { strategies = { "heap:native" }, filter = "size=64$" }, {
    "c/pair/strategy=heap:native/size=64", "c/pair/strategy=malloc:glibc/size=64",
    "c/pair/strategy=control:malloc:glibc/size=64" })
end

function TestSelection.test_nop_rides_along_where_memory_is_measured()
  lu.assertEquals(choose { strategies = { "heap:native" }, filter = "churn" }, {
    "c/churn/strategy=heap:native", "c/churn/strategy=malloc:glibc",
    "c/churn/strategy=control:malloc:glibc", "c/churn/strategy=nop" })
end

function TestSelection.test_the_filter_is_an_extended_regular_expression_over_keys()
  lu.assertEquals(choose { filter = "^c/(pair|x)/strategy=malloc:j.*/size=(1024|2)$" }, {
    "c/pair/strategy=malloc:glibc/size=1024", "c/pair/strategy=control:malloc:glibc/size=1024",
    "c/pair/strategy=malloc:jemalloc/size=1024" })
end

function TestSelection.test_a_library_of_the_user_runs_what_the_reference_runs()
  local list = strategies()
  list[#list + 1] = strategy("malloc:mine", { case("pair", "size=64", "shared", "full") },
    { own = true })
  lu.assertStrContains(table.concat(choose({ profile = "smoke" }, list), " "),
    "c/pair/strategy=malloc:mine/size=64")
end

function TestSelection.test_names_that_do_not_exist()
  lu.assertEquals(message { strategies = { "heap:nosuch" } }, "unknown strategy 'heap:nosuch'; "
    .. "strategies: heap:native, malloc:glibc, malloc:jemalloc, nop")
  lu.assertStrContains(message { filter = "nosuch" }, "no case key matches 'nosuch'; "
    .. "there are c/pair, c/churn")
  lu.assertStrContains(message { filter = "(" }, "is no POSIX extended regular expression")
end

function TestSelection.test_a_case_of_a_larger_profile_is_pointed_to()
  lu.assertStrContains(message { profile = "smoke", filter = "size=1024" }, "--profile")
end

function TestSelection.test_a_missing_strategy_says_how_to_get_it()
  local list = strategies()
  list[3] = strategy("malloc:jemalloc", {}, { found = false, hint = "install libjemalloc2" })
  lu.assertEquals(message({ strategies = { "malloc:jemalloc" } }, list),
    "malloc:jemalloc: not found; install libjemalloc2")
  lu.assertNotStrContains(table.concat(choose({}, list), " "), "jemalloc")
end

local TestKey = {}

function TestKey.test_keys_are_taken_apart_as_they_were_put_together()
  for _, params in ipairs { "", "size=64", "size=64/touch=none" } do
    lu.assertEquals(key.parse(key.case("c", "pair", "heap:native+max", params)),
      { caller = "c", workload = "pair", strategy = "heap:native+max", params = params })
  end
  lu.assertNil(key.parse("BM_something/64"))
end

function TestKey.test_sizes_sort_as_numbers()
  local names = { "pair/size=1024", "pair/size=64", "batch/size=65536", "pair/size=128" }
  lu.assertEquals(key.sort(names, function(name) return name end),
    { "batch/size=65536", "pair/size=64", "pair/size=128", "pair/size=1024" })
end

os.exit(lu.LuaUnit.new():runSuiteByInstances({ { "selection", TestSelection },
  { "key", TestKey } }))
