--- What all charts have in common: the finding as a title, a line that says what was measured,
-- light axes, and room around the plot in pixels.
-- @module heaplab.charts.frame
local gnuplot = require "heaplab.gnuplot"
local palette = require "heaplab.palette"
local ratio = require "heaplab.stats.ratio"
local sign = require "heaplab.stats.sign"
local units = require "heaplab.units"

local frame = {}

--- Height in pixels above the plot that title and subtitle take.
frame.TOP = 64

-- Bytes of the first `count` characters of UTF-8 text.
local function prefix(text, count)
  local bytes = 0
  for at in text:gmatch("()[^\128-\191]") do
    if count == 0 then return at - 1 end
    count, bytes = count - 1, #text
  end
  return bytes
end

-- What fits across 800 pixels of the title's and the subtitle's font.
local TITLE_LENGTH, SUBTITLE_LENGTH = 98, 124

local function shortened(text, limit)
  local whole = prefix(text, limit) == #text
  return whole and text or text:sub(1, prefix(text, limit - 1)) .. "…"
end

--- Title, subtitle, source and margins of a chart.
-- @tparam table chart `width`, `height`, and the margins `left`, `right`, `bottom`, all in pixels;
-- `title`, `subtitle`, `source` (the run, at the bottom right)
-- @treturn string gnuplot text
function frame.open(chart)
  local function across(pixels) return pixels / chart.width end
  local function up(pixels) return 1 - pixels / chart.height end
  return table.concat({
    ("set lmargin at screen %.4f"):format(across(chart.left)),
    ("set rmargin at screen %.4f"):format(across(chart.width - chart.right)),
    ("set tmargin at screen %.4f"):format(up(frame.TOP)),
    ("set bmargin at screen %.4f"):format(chart.bottom / chart.height),
    ("set label %s at screen %.4f,%.4f left font ',15'"):format(
      gnuplot.text(shortened(chart.title, TITLE_LENGTH)), across(12), up(20)),
    ("set label %s at screen %.4f,%.4f left font ',11' textcolor rgb '%s'"):format(
      gnuplot.text(shortened(chart.subtitle, SUBTITLE_LENGTH)), across(12), up(42), palette.MUTED),
    ("set label %s at screen %.4f,%.4f right font ',10' textcolor rgb '%s'"):format(
      gnuplot.text(chart.source), across(chart.width - 12), 10 / chart.height, palette.MUTED),
    ("set border 0; set tics scale 0; unset key; set grid lc rgb '%s' lw 0.5 dt 1")
      :format(palette.GRID),
    "set style fill solid 0.16 noborder",
  }, "\n")
end

--- The bounds of values on a logarithmic axis, a little wider than they are.
-- @tparam {number,...} values positive
-- @treturn number,number
function frame.log_range(values)
  local low, high = math.huge, 0
  for _, value in ipairs(values) do
    low, high = math.min(low, value), math.max(high, value)
  end
  local room = math.max((high / low) ^ 0.04, 1.03)
  return low / room, high * room
end

local STEPS = { { 1 }, { 1, 3 }, { 1, 2, 5 }, { 1, 1.5, 2, 3, 5, 7 },
  { 1, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9 } }

local function ticks_between(low, high, steps)
  local ticks = {}
  for decade = math.floor(math.log10(low)), math.floor(math.log10(high)) do
    for _, step in ipairs(steps) do
      local value = step * 10 ^ decade
      if value >= low and value <= high then ticks[#ticks + 1] = value end
    end
  end
  return ticks
end

-- The coarsest steps that still give four marks, so that each axis has something to read off.
local function log_ticks(low, high)
  local ticks
  for _, steps in ipairs(STEPS) do
    ticks = ticks_between(low, high, steps)
    if #ticks >= 4 then break end
  end
  return ticks
end

--- Named marks of an axis.
-- @string axis `x` or `y`
-- @tparam {number,...} values
-- @tparam function text_of value -> text
-- @treturn string gnuplot text
function frame.tics(axis, values, text_of)
  local tics = {}
  for i, value in ipairs(values) do
    tics[i] = gnuplot.tic(text_of(value), value)
  end
  return ("set %stics (%s)"):format(axis, table.concat(tics, ", "))
end

--- A logarithmic axis over a range with marks that people read.
-- @string axis `x` or `y`
-- @number low
-- @number high
-- @tparam function text_of value -> text
-- @treturn string gnuplot text
function frame.log_axis(axis, low, high, text_of)
  return table.concat({
    ("set logscale %s"):format(axis),
    ("set %srange [%s:%s]"):format(axis, gnuplot.number(low), gnuplot.number(high)),
    frame.tics(axis, log_ticks(low, high), text_of),
  }, "\n")
end

--- The confidence of a chart's intervals in words.
-- @number rounds
function frame.interval(rounds)
  local ranks = {}
  for i = 1, rounds do ranks[i] = i end
  local _, _, confidence = sign.interval(ranks, ratio.ALPHA)
  if confidence >= 1 - ratio.ALPHA then return ("95 %% interval, %d rounds"):format(rounds) end
  return ("range of %d rounds (too few for 95 %%)"):format(rounds)
end

local NAMES = { c = "C", luajit = "LuaJIT", lua54 = "Lua 5.4" }

--- A caller as people call it.
function frame.caller(caller)
  return NAMES[caller] or caller
end

--- Parameters as people read them: sizes with their unit, `=` for all else.
-- @string params `size=65536/touch=none`
-- @treturn string `64 KiB, touch none`
function frame.params(params)
  local words = {}
  for name, value in params:gmatch("([^/=]+)=([^/]*)") do
    local bytes = name == "size" and tonumber(value)
    words[#words + 1] = bytes and units.bytes(bytes) or name .. " " .. value
  end
  return table.concat(words, ", ")
end

return frame
