--- Draws a picture with gnuplot, as SVG and as PNG, from a script with its data inline.
--
-- A script is plain gnuplot text without `set terminal` and `set output`. Data goes in through
-- `gnuplot.block`, names and titles through `gnuplot.text`: nothing else from outside may reach a
-- script, since gnuplot runs what stands in backquotes. The same script gives the same bytes.
-- @module heaplab.gnuplot
local lfs = require "lfs"
local stdlib = require "posix.stdlib"
local unistd = require "posix.unistd"
local wait = require "posix.sys.wait"
local fcntl = require "posix.fcntl"
local printable = require("heaplab.text").printable

local gnuplot = {}

-- Point sizes differ: gnuplot's SVG takes pixels, its cairo terminal 1/72 inch at 96 dpi, so that
-- 12 of the one are as tall as 9 of the other.
local TERMINALS = {
  svg = "svg noenhanced size %d,%d font 'DejaVu Sans,12' background rgb '#ffffff'",
  png = "pngcairo noenhanced size %d,%d font 'DejaVu Sans,9' background rgb '#ffffff'",
}

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
    parts[#parts + 1] = "set terminal " .. TERMINALS[kind]:format(chart.width or 800,
      chart.height or 480)
    parts[#parts + 1] = "set output " .. gnuplot.text(outputs[kind])
    parts[#parts + 1] = chart.script
    parts[#parts + 1] = "unset output"
  end
  return table.concat(parts, "\n") .. "\n"
end

local function child(input, errors)
  unistd.dup2(input, unistd.STDIN_FILENO)
  unistd.dup2(errors, unistd.STDOUT_FILENO)
  unistd.dup2(errors, unistd.STDERR_FILENO)
  local _, message = unistd.execp("gnuplot", { "--default-settings", "-" })
  io.stderr:write(message, "\n")
  unistd._exit(127)
end

local function read_all(path)
  local file = assert(io.open(path, "rb"))
  local content = file:read("*a")
  file:close()
  return content
end

local function first_line(message)
  return message:match("line %d+: ([^\n]+)") or message:match("[^\n]+") or "no message"
end

-- Runs gnuplot on a script. Any word on stderr is a failure too: gnuplot exits with 0 after
-- warnings such as an empty range, and the picture is then not what was asked for.
local function execute(script_path, errors_path)
  local input = assert(fcntl.open(script_path, fcntl.O_RDONLY))
  local errors = assert(fcntl.open(errors_path, fcntl.O_WRONLY))
  local pid = assert(unistd.fork())
  if pid == 0 then child(input, errors) end
  unistd.close(input)
  unistd.close(errors)
  local _, how, status = wait.wait(pid)
  if how == "exited" and status == 127 then
    return nil, "gnuplot cannot be started: install the package gnuplot-nox"
  end
  local message = read_all(errors_path)
  if how == "exited" and status == 0 and not message:find("%S") then return true end
  return nil, ("gnuplot: %s (%s %d)"):format(first_line(message), how, status)
end

local function temporary()
  local pattern = (os.getenv("TMPDIR") or "/tmp") .. "/heaplab-XXXXXX"
  local fd, path = stdlib.mkstemp(pattern)
  assert(fd, path)
  unistd.close(fd)
  return path
end

local function run(script)
  local script_path, errors_path = temporary(), temporary()
  local file = assert(io.open(script_path, "wb"))
  assert(file:write(script))
  assert(file:close())
  local ok, message = execute(script_path, errors_path)
  os.remove(script_path)
  os.remove(errors_path)
  return ok, message
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
  local ok, message = run(compose(chart, outputs))
  if ok then ok, message = publish(outputs, base) end
  for _, path in pairs(outputs) do os.remove(path) end
  return ok, message
end

return gnuplot
