--- Which cases a run measures: profile, strategies and filter, and what has to ride along.
--
-- The reference strategy always rides along, twice: the second entry, under the name
-- `control:REFERENCE`, is the null control. `nop` rides along where memory is measured: its peak is
-- what an empty process needs.
-- @module heaplab.selection

local rex = require "rex_posix"

local callers = require "heaplab.callers"
local fail = require "heaplab.fail"
local key = require "heaplab.key"
local profile = require "heaplab.profile"

local selection = {}

--- The strategy whose peak memory is taken off the others'.
selection.EMPTY = "nop"

--- The name of a strategy's null control.
function selection.control_name(strategy)
  return "control:" .. strategy
end

local function compile_filter(pattern)
  local ok, filter = pcall(rex.new, pattern, rex.flags().EXTENDED)
  if not ok then
    fail.usage("--filter '%s' is no POSIX extended regular expression: %s", pattern,
      (tostring(filter):gsub("^.-:%d+: ", "")))
  end
  return filter
end

--- A function that says whether a case key passes a filter (nil: everything does).
function selection.matcher(pattern)
  if not pattern then return function() return true end end
  local filter = compile_filter(pattern)
  return function(text) return filter:find(text) ~= nil end
end

local function check_strategies(strategies, wanted)
  local names, known = {}, {}
  for _, strategy in ipairs(strategies) do
    if not known[strategy.name] then
      known[strategy.name] = strategy
      names[#names + 1] = strategy.name
    end
    if strategy.found then known[strategy.name] = strategy end
  end
  local found, missing = #wanted == 0, nil
  for _, name in ipairs(wanted) do
    local strategy = known[name]
    if not strategy then
      fail.usage("unknown strategy '%s'; strategies: %s", name, table.concat(names, ", "))
    end
    if strategy.found then found = true else missing = strategy end
  end
  if not found then fail.usage("%s: not found; %s", missing.name, missing.hint) end
end

local function set_of(names)
  local set = {}
  for _, name in ipairs(names) do set[name] = true end
  return set
end

-- A library that the user named runs whatever the reference runs, in every profile.
local function profile_of(strategy, case, reference)
  if not strategy.own then return case.profile end
  local same = reference and reference[key.bench(case.workload, case.params)]
  return same and same.profile or case.profile
end

local function by_bench(strategy)
  local cases = {}
  for _, case in ipairs(strategy and strategy.cases or {}) do
    cases[key.bench(case.workload, case.params)] = case
  end
  return cases
end

-- The cases of one strategy that the filter lets through, by bench key; second, the profile of one
-- that only a larger profile has.
local function cases_of(strategy, reference, options)
  local chosen, larger = {}, nil
  for _, case in ipairs(strategy.cases) do
    local text = key.case(strategy.caller.name, case.workload, strategy.name, case.params)
    local smallest = profile_of(strategy, case, reference)
    if options.matches(text) and profile.includes(options.profile, smallest) then
      chosen[key.bench(case.workload, case.params)] = case
    elseif options.matches(text) then
      larger = smallest
    end
  end
  return chosen, larger
end

local function choose_directly(strategies, reference, options)
  local wanted, chosen, larger = set_of(options.strategies), {}, nil
  for _, strategy in ipairs(strategies) do
    chosen[strategy] = {}
    if #options.strategies == 0 or wanted[strategy.name] then
      local larger_here
      chosen[strategy], larger_here = cases_of(strategy, reference, options)
      larger = larger or larger_here
    end
  end
  return chosen, larger
end

local function ride_along(chosen, strategy)
  local cases = by_bench(strategy)
  for other, selected in pairs(chosen) do
    for bench, case in pairs(other ~= strategy and selected or {}) do
      if strategy.name ~= selection.EMPTY or case.mode == "alone" then
        chosen[strategy][bench] = cases[bench]
      end
    end
  end
end

local function sorted_cases(selected)
  local cases = {}
  for _, case in pairs(selected) do cases[#cases + 1] = case end
  return key.sort(cases, function(case) return key.bench(case.workload, case.params) end)
end

local function control_of(entry)
  local control = {}
  for name, value in pairs(entry) do control[name] = value end
  control.name = selection.control_name(entry.name)
  return control
end

local function entries_of(strategies, chosen, reference)
  local entries = {}
  for _, strategy in ipairs(strategies) do
    local entry = { caller = strategy.caller, name = strategy.name,
      child_name = strategy.child_name, engine = strategy.engine, preload = strategy.preload,
      cases = sorted_cases(chosen[strategy]) }
    if #entry.cases > 0 then
      entries[#entries + 1] = entry
      if strategy == reference then entries[#entries + 1] = control_of(entry) end
    end
  end
  return entries
end

local function named(strategies, name)
  for _, strategy in ipairs(strategies) do
    if strategy.name == name and strategy.found then return strategy end
  end
end

local function choose_of_caller(caller, strategies, options)
  local reference = named(strategies, callers.REFERENCE[caller.kind])
  local chosen, larger = choose_directly(strategies, by_bench(reference), options)
  for _, strategy in pairs { named(strategies, selection.EMPTY), reference } do
    ride_along(chosen, strategy)
  end
  return entries_of(strategies, chosen, reference), larger
end

local function nothing_matches(strategies, options, larger)
  if larger then
    fail.usage("no case of the profile %s matches, but some of the profile %s do: --profile %s",
      options.profile, larger, larger)
  end
  local workloads, seen = {}, {}
  for _, strategy in ipairs(strategies) do
    for _, case in ipairs(strategy.cases) do
      local name = strategy.caller.name .. "/" .. case.workload
      if not seen[name] then workloads[#workloads + 1], seen[name] = name, true end
    end
  end
  fail.usage("no case key matches '%s'; there are %s (see `heaplab run --list`)",
    options.filter or "", table.concat(workloads, ", "))
end

--- Chooses the cases of a run.
-- @tparam {table,...} list callers, as callers.select returns them
-- @tparam {table,...} strategies of all of them, as catalogue.load returns them
-- @tparam table options `profile` (name), `filter` (or nil), `strategies` (names; empty for all)
-- @treturn {table,...} entries: `caller`, `name`, `child_name`, `engine`, `preload`, `cases` (at
-- least one); raises a usage error with the valid names when there would be none
function selection.choose(list, strategies, options)
  check_strategies(strategies, options.strategies)
  options.matches = selection.matcher(options.filter)
  local entries, larger = {}, nil
  for _, caller in ipairs(list) do
    local own = {}
    for _, strategy in ipairs(strategies) do
      if strategy.caller == caller then own[#own + 1] = strategy end
    end
    local chosen, larger_here = choose_of_caller(caller, own, options)
    larger = larger or larger_here
    for _, entry in ipairs(chosen) do entries[#entries + 1] = entry end
  end
  if #entries == 0 then nothing_matches(strategies, options, larger) end
  return entries
end

return selection
