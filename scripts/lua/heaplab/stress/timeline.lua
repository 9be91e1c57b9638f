--- The charts of a stress run, one per harness and caller: live bytes, resident bytes and
-- operations per second over time, each engine a line.
-- @module heaplab.stress.timeline

local frame = require "heaplab.charts.frame"
local gnuplot = require "heaplab.gnuplot"
local palette = require "heaplab.palette"

local timeline = {}

local MIB = 2 ^ 20
local SIZE = { width = 800, height = 780 }
local BOTTOM, GAP = 56, 28 -- pixels

-- Operations per second between two looks at the clock.
local function rows_of(result)
  local rows, before = {}, nil
  for i, point in ipairs(result.timeline) do
    local rate = before and point.t > before.t
      and (point.operations - before.operations) / (point.t - before.t) / 1e6
    rows[i] = { point.t, point.live_bytes / MIB, point.rss / MIB, rate }
    before = point
  end
  return rows
end

local function block_name(index)
  return "engine" .. index
end

-- The panels stand one above the other, the first on top.
local function place(index, count)
  local height = (SIZE.height - frame.TOP - BOTTOM - (count - 1) * GAP) / count
  local top = frame.TOP + (index - 1) * (height + GAP)
  return ("set tmargin at screen %.4f\nset bmargin at screen %.4f"):format(1 - top / SIZE.height,
    1 - (top + height) / SIZE.height)
end

local function panel(column, results)
  local plots = {}
  for i, result in ipairs(results) do
    plots[i] = ("$%s using 1:%d with lines lw 1.5 lc rgb '%s' title %s"):format(block_name(i),
      column, palette.style("heap:" .. result.engine).color, gnuplot.text(result.engine))
  end
  return "plot " .. table.concat(plots, ", ")
end

local PANELS = { "live, MiB", "resident, MiB", "million operations/s" }

local function longest(results)
  local last = 0
  for _, result in ipairs(results) do
    last = math.max(last, result.timeline[#result.timeline].t)
  end
  return last
end

local function panels(results)
  local script = { "set yrange [0:*]", "set key outside right top Left reverse",
    ("set xrange [0:%s]"):format(gnuplot.number(longest(results))) }
  for i, label in ipairs(PANELS) do
    if i == #PANELS then script[#script + 1] = "set xlabel 'seconds'" end
    script[#script + 1] = place(i, #PANELS)
    script[#script + 1] = "set ylabel " .. gnuplot.text(label)
    script[#script + 1] = panel(i + 1, results)
    script[#script + 1] = "unset key; unset label"
  end
  return table.concat(script, "\n")
end

local function chart_of(results)
  local blocks = {}
  for i, result in ipairs(results) do
    blocks[i] = gnuplot.block(block_name(i), rows_of(result))
  end
  local first = results[1]
  return {
    width = SIZE.width, height = SIZE.height,
    script = table.concat({
      table.concat(blocks, "\n"),
      frame.open { width = SIZE.width, height = SIZE.height, left = 88, right = 120,
        bottom = BOTTOM,
        title = ("Stress %s from %s: memory and speed of each engine over time"):format(
          first.harness, frame.caller(first.caller)),
        subtitle = "what the harness holds, what the process has resident, and how fast it goes",
        source = ("seed %.0f"):format(first.seed) },
      "set multiplot", panels(results), "unset multiplot",
    }, "\n"),
  }
end

-- The results that have a line to draw, by harness and caller; and the names in order.
local function groups_of(results)
  local groups, names = {}, {}
  for _, result in ipairs(results) do
    if #result.timeline > 1 then
      local name = result.harness .. "-" .. result.caller
      if not groups[name] then groups[name], names[#names + 1] = {}, name end
      table.insert(groups[name], result)
    end
  end
  return groups, names
end

--- Draws `timeline-HARNESS-CALLER.svg` and `.png` into a folder.
-- @tparam {table,...} results of the harnesses, as their JSON holds them
-- @string folder
-- @return true, or nil and a message
function timeline.draw(results, folder)
  local groups, names = groups_of(results)
  if #names == 0 then return nil, "no harness reported a time line" end
  for _, name in ipairs(names) do
    local drawn, err = gnuplot.draw(chart_of(groups[name]), folder .. "/timeline-" .. name)
    if not drawn then return nil, err end
  end
  return true
end

return timeline
