--- Chart: time by block size, one line per strategy, for each caller and workload.
-- @module heaplab.charts.size
local frame = require "heaplab.charts.frame"
local gnuplot = require "heaplab.gnuplot"
local lines = require "heaplab.charts.lines"
local selection = require "heaplab.charts.selection"
local units = require "heaplab.units"

local size = {}

-- The parameters of a workload that differ only in size, together.
local function families(params)
  local list, by_rest = {}, {}
  for _, one in ipairs(params) do
    local bytes = tonumber(one:match("^size=(%d+)") or one:match("/size=(%d+)"))
    if bytes then
      local rest = one:gsub("^size=%d+/?", ""):gsub("/size=%d+", "")
      if not by_rest[rest] then
        by_rest[rest] = { rest = rest, cases = {} }
        list[#list + 1] = by_rest[rest]
      end
      table.insert(by_rest[rest].cases, { bytes = bytes, params = one })
    end
  end
  return list
end

local function points(index, caller, workload, cases, strategy)
  local list = {}
  for _, case in ipairs(cases) do
    local summary = index:summary("cpu_time", caller, workload, case.params, strategy)
    if summary and summary.low > 0 then
      list[#list + 1] = { x = case.bytes, y = summary.median, low = summary.low,
        high = summary.high }
    end
  end
  return list
end

local function all_lines(index, caller, workload, cases)
  local series = {}
  for _, strategy in ipairs(index:strategies("cpu_time", caller, workload)) do
    local list = selection.line(strategy) and points(index, caller, workload, cases, strategy) or {}
    if #list > 0 then series[#series + 1] = { name = strategy, points = list } end
  end
  return series
end

local function title(index, caller, workload, cases, reference)
  local params = {}
  for i, case in ipairs(cases) do params[i] = case.params end
  local mean = index:mean_ratio("cpu_time", caller, workload, params, reference, "heap:native")
  local range = ("%s to %s"):format(units.bytes(cases[1].bytes), units.bytes(cases[#cases].bytes))
  if not mean or reference == "heap:native" then
    return ("%s %s: CPU time by block size, %s"):format(frame.caller(caller), workload, range)
  end
  return ("%s %s: heap:native takes %s the time of %s, %s"):format(frame.caller(caller), workload,
    units.ratio(mean.ratio), reference, range)
end

local function x_axis(cases)
  local values = {}
  for i, case in ipairs(cases) do values[i] = case.bytes end
  return ("set logscale x 2\nset xrange [%s:%s]\n"):format(gnuplot.number(values[1]),
    gnuplot.number(values[#values] * 1.01)) .. frame.tics("x", values, units.bytes)
end

local function chart(index, meta, caller, workload, family)
  local series = all_lines(index, caller, workload, family.cases)
  if #series == 0 then return nil end
  local rest = family.rest ~= "" and frame.params(family.rest) .. " · " or ""
  local drawing = lines.chart {
    title = title(index, caller, workload, family.cases, meta.reference[caller]),
    subtitle = ("CPU time per operation, log scales · %sband: %s"):format(rest,
      frame.interval(meta.rounds_done)),
    source = "run " .. meta.id,
    series = series, value_text = units.time, x_axis = x_axis(family.cases),
    x_label = "block size",
  }
  drawing.name = table.concat({ "size", caller, workload, family.rest }, "-"):gsub("%-$", "")
  drawing.group = "size"
  return drawing
end

--- The charts of a run.
-- @tparam Index index of `heaplab.case_index`
-- @tparam table meta the run's run.json
-- @treturn table array of drawings with `name`, `title` and what `heaplab.gnuplot.draw` takes
function size.charts(index, meta)
  local charts = {}
  for _, caller in ipairs(index:names("cpu_time")) do
    for _, workload in ipairs(index:names("cpu_time", caller)) do
      for _, family in ipairs(families(index:names("cpu_time", caller, workload))) do
        if #family.cases > 1 then
          charts[#charts + 1] = chart(index, meta, caller, workload, family)
        end
      end
    end
  end
  return charts
end

return size
