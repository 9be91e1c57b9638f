--- Chart: peak resident memory by strategy, one chart per caller and workload, for the case of the
-- workload that needs most.
-- @module heaplab.charts.memory
local frame = require "heaplab.charts.frame"
local gnuplot = require "heaplab.gnuplot"
local palette = require "heaplab.palette"
local rows = require "heaplab.charts.rows"
local selection = require "heaplab.charts.selection"
local units = require "heaplab.units"

local memory = {}

local function row(strategy, summary)
  return { name = strategy, value = summary.median, high = summary.high,
    text = units.bytes(summary.median), bar = { 0, summary.median },
    spans = { { summary.low, summary.high, width = 2.5, color = palette.MUTED } } }
end

local function rows_of(index, caller, workload, params)
  local list, highest = {}, 0
  for _, strategy in ipairs(index:names("peak_rss", caller, workload, params)) do
    local summary = selection.rival(strategy)
      and index:summary("peak_rss", caller, workload, params, strategy)
    if summary then
      list[#list + 1] = row(strategy, summary)
      highest = math.max(highest, summary.high)
    end
  end
  table.sort(list, function(a, b)
    if a.value ~= b.value then return a.value < b.value end
    return a.name < b.name
  end)
  return list, highest
end

local function hungriest(index, caller, workload)
  local found = { highest = 0 }
  for _, params in ipairs(index:names("peak_rss", caller, workload)) do
    local list, highest = rows_of(index, caller, workload, params)
    if highest > found.highest then found = { params = params, rows = list, highest = highest } end
  end
  return found.rows and found
end

local function x_axis(highest)
  -- Four to eight marks, at powers of two as sizes are.
  local step, values = 2 ^ math.floor(math.log(highest / 4) / math.log(2)), {}
  for i = 0, math.floor(highest / step) do values[#values + 1] = i * step end
  return ("set xrange [0:%s]\n"):format(gnuplot.number(highest * 1.04))
    .. frame.tics("x", values, units.bytes)
end

local function title(found, caller, workload, reference)
  local head = ("%s %s, peak memory: "):format(frame.caller(caller), workload)
  local by_name = {}
  for _, one in ipairs(found.rows) do by_name[one.name] = one.value end
  local native, other = by_name["heap:native"], by_name[reference]
  if native and other and reference ~= "heap:native" then
    return ("%sheap:native %s, %s %s"):format(head, units.bytes(native), reference,
      units.bytes(other))
  end
  return ("%s%s least, %s most"):format(head, found.rows[1].name, found.rows[#found.rows].name)
end

local function chart(meta, caller, workload, found)
  local params = frame.params(found.params)
  local drawing = rows.chart {
    title = title(found, caller, workload, meta.reference[caller]),
    subtitle = ("peak RSS above the empty loop `nop`%s · whisker: %s"):format(
      params ~= "" and " · " .. params or "", frame.interval(meta.rounds_done)),
    source = "run " .. meta.id, rows = found.rows, x_axis = x_axis(found.highest),
    x_label = "peak resident memory",
  }
  drawing.name, drawing.group = ("memory-%s-%s"):format(caller, workload), "memory"
  return drawing
end

--- The charts of a run.
-- @tparam Index index of `heaplab.case_index`
-- @tparam table meta the run's run.json
-- @treturn table array of drawings with `name`, `title` and what `heaplab.gnuplot.draw` takes
function memory.charts(index, meta)
  local charts = {}
  for _, caller in ipairs(index:names("peak_rss")) do
    for _, workload in ipairs(index:names("peak_rss", caller)) do
      local found = hungriest(index, caller, workload)
      if found then charts[#charts + 1] = chart(meta, caller, workload, found) end
    end
  end
  return charts
end

return memory
