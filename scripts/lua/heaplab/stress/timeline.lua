--- The chart of a stress run: live bytes, resident bytes and operations per second over time.
-- @module heaplab.stress.timeline

local gnuplot = require "heaplab.gnuplot"
local palette = require "heaplab.palette"

local timeline = {}

local MIB = 2 ^ 20

-- Operations per second between two looks at the clock.
local function rows_of(result)
  local rows, before = {}, nil
  for i, point in ipairs(result.timeline) do
    local rate = before and point.t > before.t
      and (point.operations - before.operations) / (point.t - before.t) / 1e6
    rows[i] = { point.t, point.live_bytes / MIB, point.rss / MIB, rate or 0 / 0 }
    before = point
  end
  return rows
end

local function title_of(result)
  return ("%s %s %s"):format(result.harness, result.caller, result.engine)
end

local function line(block, column, result)
  local style = palette.style("heap:" .. result.engine)
  local dash = result.harness == "model" and 1 or result.caller == "luajit" and 2 or 4
  return ("$%s using 1:%d with lines lw 1.5 lc rgb '%s' dt %d title %s"):format(block, column,
    style.color, dash, gnuplot.text(title_of(result)))
end

local function panel(label, column, results, blocks)
  local plots = {}
  for i, result in ipairs(results) do plots[i] = line(blocks[i], column, result) end
  return ("set ylabel %s\nplot %s"):format(gnuplot.text(label), table.concat(plots, ", \\\n  "))
end

local function longest(results)
  local last = 0
  for _, result in ipairs(results) do
    last = math.max(last, result.timeline[#result.timeline].t)
  end
  return last
end

--- Draws a chart to BASE.svg and BASE.png.
-- @tparam {table,...} results of the harnesses, as their JSON holds them
-- @string base path without its extension
-- @return true, or nil and a message
function timeline.draw(results, base)
  local script, blocks, shown = {}, {}, {}
  for _, result in ipairs(results) do
    if #result.timeline > 1 then
      shown[#shown + 1], blocks[#blocks + 1] = result, "run" .. #shown + 1
      script[#script + 1] = gnuplot.block(blocks[#blocks], rows_of(result))
    end
  end
  if #shown == 0 then return nil, "no harness reported a time line" end
  for _, text in ipairs {
    "set multiplot layout 3,1", "set grid", "set yrange [0:*]",
    ("set xrange [0:%s]"):format(gnuplot.number(longest(shown))),
    "set lmargin at screen 0.09", "set rmargin at screen 0.76", "set key outside right top",
    panel("live, MiB", 2, shown, blocks), "set key off", panel("resident, MiB", 3, shown, blocks),
    "set xlabel 'seconds'", panel("million operations/s", 4, shown, blocks), "unset multiplot",
  } do
    script[#script + 1] = text
  end
  return gnuplot.draw({ script = table.concat(script, "\n"), width = 900, height = 900 }, base)
end

return timeline
