--- Draws a picture with gnuplot, as SVG and as PNG, from a script with its data inline.
--
-- A script is plain gnuplot text without `set terminal` and `set output`. Data goes in through
-- `gnuplot.block`, names and titles through `gnuplot.text`: nothing else from outside may reach a
-- script, since gnuplot runs what stands in backquotes. The same script gives the same bytes.
-- @module heaplab.gnuplot
local lfs = require "lfs"

local files = require "heaplab.files"
local process = require "heaplab.process"
local printable = require("heaplab.text").printable

local gnuplot = {}

-- Font sizes differ: the SVG terminal takes pixels, the cairo terminal points at 96 dpi, so that 12
-- of the one are as tall as 9 of the other.
local TERMINALS = { svg = "svg", png = "pngcairo fontscale 0.75" }
local LOOK = "noenhanced size %d,%d font 'DejaVu Sans,12' background rgb '#ffffff'"

--- A gnuplot string literal. Single quotes: gnuplot expands neither backquotes nor escapes there.
-- @param value anything `tostring` takes
-- @treturn string
function gnuplot.text(value)
  return "'" .. printable(value):gsub("'", "''") .. "'"
end

--- A number as gnuplot reads it back; what is missing or not finite leaves a gap.
-- @tparam ?number value
-- @treturn string
function gnuplot.number(value)
  if not value or value ~= value or math.abs(value) == math.huge then return "NaN" end
  return ("%.10g"):format(value)
end

--- A mark of an axis, for `set xtics (…)`: there gnuplot takes the text for a number's format.
-- @param value anything `tostring` takes
-- @tparam number position
-- @treturn string
function gnuplot.tic(value, position)
  local format = gnuplot.text(value):gsub("%%", "%%%%")
  return format .. " " .. gnuplot.number(position)
end

--- A named block of rows of numbers, for `plot $name using …`.
-- @tparam string name an identifier
-- @tparam {{number,...},...} rows `false` in a row is a gap; a row `false` starts a new line
-- @treturn string
function gnuplot.block(name, rows)
  assert(name:find("^[%a_][%w_]*$"), "a gnuplot block needs an identifier as its name")
  local lines = { "$" .. name .. " << EOD" }
  for _, row in ipairs(rows) do
    local fields = {}
    for i, value in ipairs(row or {}) do fields[i] = gnuplot.number(value) end
    lines[#lines + 1] = table.concat(fields, " ")
  end
  lines[#lines + 1] = "EOD"
  return table.concat(lines, "\n")
end

-- One gnuplot for both formats; `reset` keeps the data blocks, which the second pass redefines.
local function compose(chart, outputs)
  local parts = { "set encoding utf8" }
  for _, kind in ipairs { "svg", "png" } do
    parts[#parts + 1] = "reset"
    parts[#parts + 1] = ("set terminal %s %s"):format(TERMINALS[kind],
      LOOK:format(chart.width or 800, chart.height or 480))
    parts[#parts + 1] = "set output " .. gnuplot.text(outputs[kind])
    parts[#parts + 1] = chart.script
    parts[#parts + 1] = "unset output"
  end
  return table.concat(parts, "\n") .. "\n"
end

local function first_line(message)
  return message:match("line %d+: ([^\n]+)") or message:match("[^\n]*%S[^\n]*") or "no message"
end

-- Any word of gnuplot is a failure too: it exits with 0 after warnings such as an empty range, and
-- the picture is then not what was asked for.
local function run(script, base)
  local path = base .. ".gnuplot.part"
  local ok, err = files.write(path, script)
  if not ok then return nil, err end
  -- In a locale without UTF-8 it warns of signs that it cannot convert.
  local result = process.run { argv = { "env", "LC_ALL=C.UTF-8", "gnuplot",
    "--default-settings", path } }
  os.remove(path)
  if result.kind == "interrupted" then return nil, "interrupted" end
  local message = result.stderr .. result.stdout
  if result.ok and not message:find("%S") then return true end
  if not process.find("gnuplot") then
    return nil, "gnuplot cannot be started: install the package gnuplot-nox"
  end
  return nil, "gnuplot: " .. (result.kind == "exit" and first_line(message)
    or process.describe(result))
end

-- A picture is there whole or not at all: gnuplot leaves half a file behind when the disk is full.
local function publish(outputs, base)
  for kind, path in pairs(outputs) do
    if (lfs.attributes(path, "size") or 0) == 0 then return nil, "gnuplot wrote no " .. kind end
  end
  for kind, path in pairs(outputs) do
    local ok, message = os.rename(path, base .. "." .. kind)
    if not ok then return nil, message end
  end
  return true
end

--- Draws a chart to `base.svg` and `base.png`.
-- @tparam table chart `script`: gnuplot text; `width`, `height` in pixels (800 × 480)
-- @tparam string base path without the extension; its folder exists
-- @return true, or nil and one line
function gnuplot.draw(chart, base)
  if base ~= printable(base) then
    return nil, "gnuplot cannot write to a path with control characters: " .. printable(base)
  end
  local outputs = { svg = base .. ".svg.part", png = base .. ".png.part" }
  local ok, message = run(compose(chart, outputs), base)
  if ok then ok, message = publish(outputs, base) end
  for _, path in pairs(outputs) do os.remove(path) end
  return ok, message
end

return gnuplot
