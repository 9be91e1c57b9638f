--- The metrics of a round, from the measurements of its processes.
-- @module heaplab.samples

local key = require "heaplab.key"
local selection = require "heaplab.selection"

local samples = {}

--- Units of the metrics, in the order of tables.
samples.METRICS = {
  { name = "cpu_time", unit = "ns/op" },
  { name = "wall_time", unit = "ns/op" },
  { name = "peak_rss", unit = "bytes" },
  { name = "rss_end", unit = "bytes" },
  { name = "rss_compacted", unit = "bytes" },
  { name = "page_faults", unit = "faults/op" },
  { name = "gc_cycles", unit = "count" },
}

local function case_name(result)
  local case = result.case
  return result.entry.caller.name .. "/" .. key.bench(case.workload, case.params)
end

-- What the empty strategy measured, by case that runs alone.
local function empties_of(results)
  local empties = {}
  for _, result in ipairs(results) do
    if result.entry.name == selection.EMPTY and result.case.mode == "alone" then
      empties[case_name(result)] = result.values
    end
  end
  return empties
end

-- Memory figures hold only where the process did this one case and a fixed number of operations.
local function memory(result, empties)
  local values, empty = result.values, empties[case_name(result)] or {}
  if result.case.mode ~= "alone" then return {} end
  local function above_empty(counter)
    return values[counter] and empty[counter] and math.max(0, values[counter] - empty[counter])
  end
  return {
    peak_rss = above_empty("vm_hwm"),
    rss_end = above_empty("rss_end"),
    rss_compacted = above_empty("rss_compacted"),
    page_faults = values.minor_faults and values.operations
      and values.minor_faults / values.operations,
    gc_cycles = values.gc_cycles,
  }
end

local function value_of(metric, result, from_memory)
  if metric == "cpu_time" or metric == "wall_time" then return result.values[metric] end
  return from_memory[metric]
end

--- The samples of a finished round.
-- @number round
-- @tparam {table,...} results `entry`, `case`, `values` (as measurement.read returns them)
-- @treturn {table,...} samples with the columns of samples.tsv
function samples.of_round(round, results)
  local empties, list = empties_of(results), {}
  for _, result in ipairs(results) do
    local from_memory = memory(result, empties)
    for _, metric in ipairs(samples.METRICS) do
      local value = value_of(metric.name, result, from_memory)
      if value then
        list[#list + 1] = { round = round, caller = result.entry.caller.name,
          workload = result.case.workload, params = result.case.params,
          strategy = result.entry.name, metric = metric.name, value = value, unit = metric.unit }
      end
    end
  end
  return list
end

return samples
