--- Chart: each strategy of a workload over the stored runs of one machine, as a ratio to the
-- reference strategy of the same run.
-- @module heaplab.charts.history
local frame = require "heaplab.charts.frame"
local lines = require "heaplab.charts.lines"
local selection = require "heaplab.charts.selection"
local units = require "heaplab.units"

local history = {}

local MOST_MARKS = 14 -- dates that fit below the axis
local BOTTOM = 104

-- `11-22 13:40 ab12cd3` of `2026-11-22T13:40:00Z`.
local function run_text(run)
  local date, time = run.started:match("^%d+%-(%d+%-%d+)T(%d+:%d+)")
  local when = date and date .. " " .. time or run.name
  return run.revision ~= "" and when .. " " .. run.revision:sub(1, 7) or when
end

-- Every run has its place; a mark stands at the last and at each n-th before it.
local function x_axis(runs)
  local values, every = {}, math.ceil(#runs / MOST_MARKS)
  for i = #runs, 1, -every do values[#values + 1] = i end
  return ("set xrange [0.7:%.1f]\nset xtics rotate by 45 right font ',10'\n"):format(#runs + 0.3)
    .. frame.tics("x", values, function(i) return run_text(runs[i]) end)
end

local function series_of(place, numbers)
  local list = {}
  for strategy, points in pairs(place.points) do
    local reference = points[#points].reference
    -- `floor` gives no memory: it shows the noise of the reference, far away from all others.
    if selection.line(strategy) and strategy ~= reference and strategy ~= "floor" then
      local line = { name = strategy, points = {} }
      for i, point in ipairs(points) do
        line.points[i] = { x = numbers[point.run], y = point.ratio.ratio, low = point.ratio.low,
          high = point.ratio.high }
      end
      list[#list + 1] = line
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

-- The runs that have a point, and the place of each on the axis.
local function runs_of(group, place)
  local seen, runs, numbers = {}, {}, {}
  for _, points in pairs(place.points) do
    for _, point in ipairs(points) do seen[point.run] = true end
  end
  for _, run in ipairs(group.runs) do
    if seen[run] then
      runs[#runs + 1] = run
      numbers[run] = #runs
    end
  end
  return runs, numbers
end

local function references(place)
  local names, seen = {}, {}
  for _, points in pairs(place.points) do
    for _, point in ipairs(points) do
      if not seen[point.reference] then names[#names + 1] = point.reference end
      seen[point.reference] = true
    end
  end
  table.sort(names)
  return table.concat(names, " or ")
end

local function change(points)
  if #points < 2 then return "" end
  local last, before = points[#points].ratio.ratio, points[#points - 1].ratio.ratio
  return (", %+.1f %% since the run before"):format((last / before - 1) * 100)
end

local function title(place)
  local head = ("%s %s: "):format(frame.caller(place.caller), place.workload)
  local native = place.points["heap:native"]
  local last = native and native[#native]
  if not last or last.reference == "heap:native" then return head .. "ratios over the runs" end
  return ("%sheap:native at %s of %s%s"):format(head, units.ratio(last.ratio.ratio),
    last.reference, change(native))
end

--- The chart of one workload.
-- @tparam table group of `heaplab.history.read`
-- @tparam table place one of its workloads
-- @string metric
-- @treturn table drawing with `name`, `title` and what `heaplab.gnuplot.draw` takes; nil when there
-- is nothing to compare
function history.chart(group, place, metric)
  local runs, numbers = runs_of(group, place)
  local series = series_of(place, numbers)
  if #series == 0 then return nil end
  local drawing = lines.chart {
    title = title(place),
    subtitle = ("%s as a ratio to %s of the same run, log scale · geometric mean of the newest "
      .. "run's cases · band: interval"):format(metric, references(place)),
    source = ("machine %s, %s build"):format(group.machine, group.build_type),
    series = series, value_text = units.ratio, x_axis = x_axis(runs), x_label = "",
    bottom = BOTTOM, baseline = 1,
  }
  drawing.name = ("%s-%s-%s"):format(place.caller, place.workload, metric)
  return drawing
end

return history
