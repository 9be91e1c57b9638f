--- Lines with interval bands on a logarithmic scale, each named at its right end.
--
-- Names at the ends spare the reader a legend; where ends lie close, names are moved apart and a
-- thin line leads back.
-- @module heaplab.charts.lines
local frame = require "heaplab.charts.frame"
local gnuplot = require "heaplab.gnuplot"
local palette = require "heaplab.palette"

local lines = {}

local LABEL_HEIGHT = 16 -- pixels
local LEFT, RIGHT, BOTTOM = 72, 212, 56

local function all_values(series, baseline)
  local values = { baseline }
  for _, line in ipairs(series) do
    for _, point in ipairs(line.points) do
      values[#values + 1], values[#values + 2] = point.low, point.high
    end
  end
  return values
end

-- Moves positions (sorted upwards, in pixels) apart, upwards first, then down from the top.
local function spread(positions, top)
  for i = 2, #positions do
    positions[i] = math.max(positions[i], positions[i - 1] + LABEL_HEIGHT)
  end
  local limit = top
  for i = #positions, 1, -1 do
    positions[i] = math.min(positions[i], limit)
    limit = positions[i] - LABEL_HEIGHT
  end
  return positions
end

local function last_point(line)
  return line.points[#line.points]
end

local function labels(chart, series, low, high)
  local plot = chart.height - frame.TOP - chart.bottom
  table.sort(series, function(a, b) return last_point(a).y < last_point(b).y end)
  local positions = {}
  for i, line in ipairs(series) do
    positions[i] = math.log(last_point(line).y / low) / math.log(high / low) * plot
  end
  spread(positions, plot)
  local text = {}
  for i, line in ipairs(series) do
    local y = (chart.bottom + positions[i]) / chart.height
    local style, last = palette.style(line.name), last_point(line)
    text[#text + 1] = ("set arrow from first %s,%s to screen %.4f,%.4f nohead lw 0.7 lc rgb '%s'")
      :format(gnuplot.number(last.x), gnuplot.number(last.y),
        (chart.width - chart.right + 24) / chart.width, y, style.color)
    text[#text + 1] = ("set label %s at screen %.4f,%.4f left offset 1,0 point pt %d lc rgb '%s'")
      :format(gnuplot.text(line.name), (chart.width - chart.right + 28) / chart.width, y,
        style.point, style.color)
  end
  return table.concat(text, "\n")
end

local function data(series)
  local blocks, bands, strokes = {}, {}, {}
  for i, line in ipairs(series) do
    local rows, style = {}, palette.style(line.name)
    for j, at in ipairs(line.points) do rows[j] = { at.x, at.y, at.low, at.high } end
    blocks[i] = gnuplot.block("line" .. i, rows)
    -- A band of one point has no area.
    bands[i] = ("$line%d using %s lc rgb '%s'"):format(i,
      #line.points > 1 and "1:3:4 with filledcurves" or "1:2:3:4 with yerrorbars pt 0",
      style.color)
    strokes[i] = ("$line%d using 1:2 with linespoints lw 2 lc rgb '%s' pt %d dt %d ps 0.7")
      :format(i, style.color, style.point, style.dash)
  end
  return table.concat(blocks, "\n"), bands, strokes
end

local function baseline(value)
  if not value then return "" end
  return ("set arrow from graph 0,first %s to graph 1,first %s nohead lc rgb '%s' back"):format(
    gnuplot.number(value), gnuplot.number(value), palette.MUTED)
end

--- A chart of lines.
-- @tparam table chart `title`, `subtitle`, `source`; `series`: array of `{ name = strategy,
-- points = { { x, y, low, high }, ... } }`, all y positive; `value_text`: y -> text; `x_axis`:
-- gnuplot text that sets up the x axis; `x_label`; `bottom`: pixels below the plot; `baseline`: a y
-- with a line of its own
-- @treturn table for `heaplab.gnuplot.draw`
function lines.chart(chart)
  local series, count = chart.series, #chart.series
  local layout = { title = chart.title, subtitle = chart.subtitle, source = chart.source,
    width = 800, left = LEFT, right = RIGHT, bottom = chart.bottom or BOTTOM }
  layout.height = frame.TOP + layout.bottom + math.max(320, count * LABEL_HEIGHT)
  local low, high = frame.log_range(all_values(series, chart.baseline))
  local named = labels(layout, series, low, high)
  local blocks, bands, strokes = data(series)
  return { width = layout.width, height = layout.height, title = chart.title,
    script = table.concat({
      frame.open(layout),
      chart.x_axis,
      "set xlabel " .. gnuplot.text(chart.x_label),
      frame.log_axis("y", low, high, chart.value_text),
      baseline(chart.baseline),
      named,
      blocks,
      "plot " .. table.concat(bands, ", ") .. ", " .. table.concat(strokes, ", "),
    }, "\n") }
end

return lines
