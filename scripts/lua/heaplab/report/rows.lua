--- The numbers of the page: every case against the reference of its caller, as `heaplab compare`
-- judges them.
-- @module heaplab.report.rows
local compare = require "heaplab.compare"
local key = require "heaplab.key"

local rows = {}

local METRIC = "cpu_time"

local function shares_a_case(index, caller, reference, strategy)
  for _, workload in ipairs(index:names(METRIC, caller)) do
    for _, params in ipairs(index:names(METRIC, caller, workload)) do
      if index:values(METRIC, caller, workload, params, strategy)
        and index:values(METRIC, caller, workload, params, reference) then return true end
    end
  end
  return false
end

-- strategy -> what `heaplab compare` says about it and the reference.
local function comparisons(run, index, caller, reference)
  local found = {}
  for _, strategy in ipairs(reference and index:strategies(METRIC, caller) or {}) do
    if strategy ~= reference and shares_a_case(index, caller, reference, strategy) then
      local result = compare.strategies(run, { base = reference, against = strategy,
        caller = caller, metric = METRIC })
      local by_case = {}
      for _, case in ipairs(result.cases) do
        by_case[key.bench(case.workload, case.params)] = case
      end
      found[strategy] = { geomean = result.geomean, cases = #result.cases, by_case = by_case }
    end
  end
  return found
end

local function row(index, place, strategy)
  local caller, workload, params = place.caller, place.workload, place.params
  local one = { strategy = strategy, caller = caller, workload = workload, params = params,
    time = index:summary(METRIC, caller, workload, params, strategy),
    memory = index:summary("peak_rss", caller, workload, params, strategy) }
  local compared = place.compared[strategy]
  one.ratio = compared and compared.by_case[key.bench(workload, params)]
  if strategy == place.reference then
    one.verdict = "reference"
  else
    one.verdict = one.ratio and one.ratio.verdict or "not comparable"
  end
  return one
end

local function position(one)
  if one.ratio then return one.ratio.ratio end
  return one.verdict == "reference" and 1 or -1
end

-- Slowest first; the reference stands where its ratio, 1, belongs.
local function by_loss(a, b)
  if position(a) ~= position(b) then return position(a) > position(b) end
  return a.strategy < b.strategy
end

local function case_of(index, entry, workload, params)
  local place = { caller = entry.caller, workload = workload, params = params,
    reference = entry.reference, compared = entry.compared }
  local list = {}
  for _, strategy in ipairs(index:names(METRIC, entry.caller, workload, params)) do
    list[#list + 1] = row(index, place, strategy)
  end
  table.sort(list, by_loss)
  return { params = params, rows = list }
end

local function workload_of(index, entry, workload)
  local cases = {}
  for _, params in ipairs(index:names(METRIC, entry.caller, workload)) do
    cases[#cases + 1] = case_of(index, entry, workload, params)
  end
  return { name = workload, cases = cases }
end

--- All cases.
-- @tparam table run as `heaplab.runs.load` returns it
-- @tparam Index index of `heaplab.case_index`, over the run's samples
-- @tparam table reference caller -> strategy
-- @treturn table array of `{ caller, reference, compared = { strategy -> { geomean, cases } },
-- workloads = { { name, cases = { { params, rows } } } } }`; a row has `strategy`, `caller`,
-- `workload`, `params`, `time` and `memory` (summaries; the second may be missing), `ratio` (a case
-- of `heaplab.compare`; missing for the reference), `verdict`
function rows.all(run, index, reference)
  local callers = {}
  for i, caller in ipairs(index:names(METRIC)) do
    local entry = { caller = caller, reference = reference[caller], workloads = {},
      compared = comparisons(run, index, caller, reference[caller]) }
    for place, workload in ipairs(index:names(METRIC, caller)) do
      entry.workloads[place] = workload_of(index, entry, workload)
    end
    callers[i] = entry
  end
  return callers
end

--- Calls visit(row) for every row.
function rows.each(callers, visit)
  for _, caller in ipairs(callers) do
    for _, workload in ipairs(caller.workloads) do
      for _, case in ipairs(workload.cases) do
        for _, one in ipairs(case.rows) do visit(one) end
      end
    end
  end
end

--- The rows whose whole interval says that the native engine is slower than the reference, worst
-- first; whether that is significant among so many cases is said by each row's verdict.
function rows.losses(callers)
  local list = {}
  rows.each(callers, function(one)
    if one.strategy:find("^heap:native") and one.ratio and one.ratio.low > 1 then
      list[#list + 1] = one
    end
  end)
  table.sort(list, by_loss)
  return list
end

return rows
