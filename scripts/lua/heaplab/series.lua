--- The samples of a run, arranged for comparing: caller, bench case, strategy, rounds.
-- @module heaplab.series

local key = require "heaplab.key"

local series = {}

local function add(case, sample)
  local values = case.strategies[sample.strategy] or {}
  case.strategies[sample.strategy] = values
  values[sample.round] = sample.value
end

local function arrange(run, metric)
  local by_name, list = {}, {}
  for _, sample in ipairs(run.samples) do
    if sample.metric == metric then
      local name = sample.caller .. "/" .. key.bench(sample.workload, sample.params)
      local case = by_name[name]
      if not case then
        case = { caller = sample.caller, workload = sample.workload, params = sample.params,
          name = name, unit = sample.unit, strategies = {} }
        by_name[name], list[#list + 1] = case, case
      end
      add(case, sample)
    end
  end
  return key.sort(list, function(case) return case.name end)
end

-- Tables of a whole run compare every strategy: arranging hundreds of thousands of samples is for
-- once per run and metric.
local arranged = setmetatable({}, { __mode = "k" })

--- Arranges the samples of one metric.
-- @tparam table run as runs.load returns it; not to be changed later
-- @string metric
-- @treturn {table,...} bench cases sorted by name: `caller`, `workload`, `params`, `name`
-- (CALLER/WORKLOAD/PARAMS), `unit`, `strategies`: map name -> (map round -> value)
function series.of_metric(run, metric)
  arranged[run] = arranged[run] or {}
  arranged[run][metric] = arranged[run][metric] or arrange(run, metric)
  return arranged[run][metric]
end

--- The values of one strategy's rounds as an array.
function series.values(rounds)
  local values = {}
  for _, value in pairs(rounds) do values[#values + 1] = value end
  return values
end

--- The sorted, distinct values of a column of a run's samples.
-- @string column for example "metric"
-- @tparam[opt] function accept given a sample
function series.distinct(run, column, accept)
  local seen, names = {}, {}
  for _, sample in ipairs(run.samples) do
    local name = sample[column]
    if not seen[name] and (not accept or accept(sample)) then
      seen[name], names[#names + 1] = true, name
    end
  end
  table.sort(names)
  return names
end

return series
