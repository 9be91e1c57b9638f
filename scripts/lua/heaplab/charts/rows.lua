--- One row per strategy, named on the left, marks along a common axis, the value on the right.
-- @module heaplab.charts.rows
local frame = require "heaplab.charts.frame"
local gnuplot = require "heaplab.gnuplot"
local palette = require "heaplab.palette"

local rows = {}

local ROW_HEIGHT = 20 -- pixels
local LEFT, RIGHT, BOTTOM, EDGE = 190, 110, 60, 12

local function names(list)
  local tics = {}
  for i, row in ipairs(list) do
    tics[i] = gnuplot.tic(row.heading and "" or row.name, #list + 1 - i)
  end
  return ("set ytics (%s)\nset yrange [0.4:%.1f]"):format(table.concat(tics, ", "), #list + 0.6)
end

-- The value of each row, to the right of the plot; a heading's name, at the left edge.
local function labels(list, width)
  local text = {}
  for i, row in ipairs(list) do
    text[i] = ("set label %s at screen %.4f, first %d left font ',%d'"):format(
      gnuplot.text(row.heading and row.name or row.text),
      (row.heading and EDGE or width - RIGHT + 8) / width, #list + 1 - i, row.heading and 13 or 11)
  end
  return table.concat(text, "\n")
end

-- A bar is a box from the axis's origin, a whisker its interval, a dot a value of its own.
local function marks(row, y, i)
  local blocks, plots, style = {}, {}, palette.style(row.name)
  local function mark(kind, data, how)
    local name = ("%s%d"):format(kind, i)
    blocks[#blocks + 1] = gnuplot.block(name, data)
    plots[#plots + 1] = ("$%s %s"):format(name, how:gsub("COLOR", style.color))
  end
  if row.bar then
    local from, to = math.min(row.bar[1], row.bar[2]), math.max(row.bar[1], row.bar[2])
    mark("bar", { { (from + to) / 2, y, from, to, y - 0.34, y + 0.34 } },
      "using 1:2:3:4:5:6 with boxxyerror fs solid 0.75 noborder lc rgb 'COLOR'")
  end
  for place, dot in ipairs(row.dots or {}) do
    mark("dot" .. place .. "_", { { dot.value, y } },
      ("using 1:2 with points pt %d ps %g lw 1.5 lc rgb '%s'"):format(dot.point, dot.size or 1,
        dot.color or "COLOR"))
  end
  for place, span in ipairs(row.spans or {}) do
    mark("span" .. place .. "_", { { span[1], y }, { span[2], y } },
      ("using 1:2 with lines lw %g lc rgb '%s'"):format(span.width or 1.5, span.color or "COLOR"))
  end
  return blocks, plots
end

local function data(list)
  local blocks, plots = {}, {}
  for i, row in ipairs(list) do
    local more_blocks, more_plots = marks(row, #list + 1 - i, i)
    for _, block in ipairs(more_blocks) do blocks[#blocks + 1] = block end
    for _, plot in ipairs(more_plots) do plots[#plots + 1] = plot end
  end
  return table.concat(blocks, "\n"), table.concat(plots, ", ")
end

--- A chart of rows.
-- @tparam table chart `title`, `subtitle`, `source`; `rows`: array, first on top, of `{ name =
-- strategy, text (at the right), bar = { from, to }, dots = { { value, point, size, color }, ... },
-- spans = { { from, to, width, color }, ... } }` or, between rows, `{ name, heading = true }`;
-- `x_axis`: gnuplot text that sets up the x axis; `x_label`
-- @treturn table for `heaplab.gnuplot.draw`
function rows.chart(chart)
  local layout = { title = chart.title, subtitle = chart.subtitle, source = chart.source,
    width = 800, left = LEFT, right = RIGHT, bottom = BOTTOM }
  layout.height = frame.TOP + BOTTOM + #chart.rows * ROW_HEIGHT
  local blocks, plots = data(chart.rows)
  return { width = layout.width, height = layout.height, title = chart.title,
    script = table.concat({
      frame.open(layout),
      "unset grid",
      ("set grid x lc rgb '%s' lw 1 dt 1 back"):format(palette.GRID),
      chart.x_axis,
      "set xlabel " .. gnuplot.text(chart.x_label),
      names(chart.rows),
      labels(chart.rows, layout.width),
      blocks,
      "plot " .. plots,
    }, "\n") }
end

return rows
