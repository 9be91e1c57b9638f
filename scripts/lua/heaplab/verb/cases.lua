--- `heaplab cases`: every case of a run with its median and interval.

local cli = require "heaplab.cli"
local columns = require "heaplab.columns"
local fail = require "heaplab.fail"
local json = require "heaplab.json"
local key = require "heaplab.key"
local order = require "heaplab.stats.order"
local ratio = require "heaplab.stats.ratio"
local runs = require "heaplab.runs"
local selection = require "heaplab.selection"
local series = require "heaplab.series"
local sign = require "heaplab.stats.sign"
local tsv = require "heaplab.tsv"

local COLUMNS = { "caller", "workload", "parameters", "strategy", "metric", "median", "low", "high",
  "unit" }

local function parser()
  local p = cli.parser("cases", "List the cases of a run with their medians over the rounds.")
  p:epilog("low and high bracket the median with 95 % confidence (exact sign test);"
    .. " below six rounds they are the whole range.")
  p:option("--run", "Run: an id, a folder, or latest."):default("latest")
  p:option("--filter", "Only cases whose key matches, as c/pair/strategy=heap:native/size=64.")
    :argname("REGEX")
  p:option("--metric", "Only this metric.")
  cli.format(p)
  return p
end

local function row_of(case, strategy, metric)
  local values = order.sorted(series.values(case.strategies[strategy]))
  local low, high = sign.interval(values, ratio.ALPHA)
  return { caller = case.caller, workload = case.workload, parameters = case.params,
    strategy = strategy, metric = metric, median = order.quantile(values, 0.5), low = low,
    high = high, unit = case.unit }
end

local function sorted_names(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function rows_of(run, metrics, passes)
  local rows = {}
  for _, metric in ipairs(metrics) do
    for _, case in ipairs(series.of_metric(run, metric)) do
      for _, strategy in ipairs(sorted_names(case.strategies)) do
        if passes(key.case(case.caller, case.workload, strategy, case.params)) then
          rows[#rows + 1] = row_of(case, strategy, metric)
        end
      end
    end
  end
  return rows
end

local format = {}

function format.json(rows)
  return json.pretty(json.array(rows)) .. "\n"
end

function format.tsv(rows)
  local lines = { tsv.line(COLUMNS) }
  for _, row in ipairs(rows) do
    local values = {}
    for i, name in ipairs(COLUMNS) do values[i] = row[name] end
    lines[#lines + 1] = tsv.line(values)
  end
  return table.concat(lines)
end

function format.text(rows)
  local cells = { COLUMNS }
  for _, row in ipairs(rows) do
    local line = {}
    for i, name in ipairs(COLUMNS) do
      local value = row[name]
      line[i] = type(value) == "number" and ("%.5g"):format(value) or value
    end
    cells[#cells + 1] = line
  end
  return columns.format(cells, "lllllrrrl")
end

local function metrics_of(run, wanted)
  local metrics = series.distinct(run, "metric")
  if not wanted then return metrics end
  for _, metric in ipairs(metrics) do
    if metric == wanted then return { metric } end
  end
  fail.usage("no metric '%s' in this run; it has %s", wanted, table.concat(metrics, ", "))
end

local function run(args)
  local parsed = cli.parse(parser(), args)
  local loaded = fail.unless(runs.load_measured(fail.unless(runs.resolve(parsed.run))))
  local rows = rows_of(loaded, metrics_of(loaded, parsed.metric),
    selection.matcher(parsed.filter))
  if #rows == 0 then
    fail.usage("no case of this run matches '%s'; `heaplab cases --run %s` lists all",
      parsed.filter or "", parsed.run)
  end
  cli.emit(format[parsed.format](rows))
  return 0
end

return { summary = "list the cases of a run with their medians", run = run }
