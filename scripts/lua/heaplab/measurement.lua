--- From google-benchmark's JSON to one value per case.
-- @module heaplab.measurement

local cjson = require "cjson"

local files = require "heaplab.files"
local key = require "heaplab.key"
local order = require "heaplab.stats.order"

local measurement = {}

local NANOSECONDS = { ns = 1, us = 1e3, ms = 1e6, s = 1e9 }

-- Debian's libbenchmark writes NaN and Infinity as they are; such a value is none.
local function finite(value)
  return type(value) == "number" and value == value and math.abs(value) < math.huge
end

local COUNTERS = { "vm_hwm", "minor_faults", "operations", "gc_cycles", "rss_end",
  "rss_compacted" }

local function add_time(case, entry)
  local unit = NANOSECONDS[entry.time_unit]
  if not (unit and finite(entry.cpu_time) and finite(entry.real_time)) then
    case.problem = "it reported no time"
    return
  end
  table.insert(case.cpu, entry.cpu_time * unit)
  -- google-benchmark divides the wall time by the number of threads.
  table.insert(case.wall, entry.real_time * unit * (entry.threads or 1))
end

local function add(cases, entry)
  local parsed = key.parse((entry.label or ""):match("^%S+") or "")
  if not parsed then return "a benchmark without a case key: " .. tostring(entry.name) end
  local bench = key.bench(parsed.workload, parsed.params)
  local case = cases[bench] or { cpu = {}, wall = {} }
  cases[bench] = case
  if entry.error_occurred then
    case.problem = entry.error_message or "it reported an error without a message"
  else
    add_time(case, entry)
  end
  for _, counter in ipairs(COUNTERS) do
    if finite(entry[counter]) then case[counter] = entry[counter] end
  end
end

local function summarise(case)
  if case.problem then return { problem = case.problem } end
  local values = { cpu_time = order.median(case.cpu), wall_time = order.median(case.wall) }
  for _, counter in ipairs(COUNTERS) do values[counter] = case[counter] end
  return values
end

--- Reads the output of one process.
-- @string path
-- @treturn table `context`, and `cases`: map WORKLOAD/PARAMS -> `cpu_time`, `wall_time` (medians
-- of the repetitions, ns per operation) and the last `vm_hwm`, `minor_faults`, `operations`,
-- `gc_cycles`, `rss_end`, `rss_compacted`, those that it has; or only `problem`. Or nil and a
-- message.
function measurement.read(path)
  local text, err = files.read(path)
  if not text then return nil, err end
  local ok, json = pcall(cjson.decode, text)
  if not ok or type(json) ~= "table" or type(json.benchmarks) ~= "table" then
    return nil, "its output is not google-benchmark's JSON"
  end
  local cases = {}
  for _, entry in ipairs(json.benchmarks) do
    if entry.run_type ~= "aggregate" then
      local problem = add(cases, entry)
      if problem then return nil, problem end
    end
  end
  for bench, case in pairs(cases) do cases[bench] = summarise(case) end
  return { context = json.context or {}, cases = cases }
end

return measurement
