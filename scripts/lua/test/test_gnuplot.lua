-- The pictures: the same bytes from the same script, one line when gnuplot refuses, and no text
-- from outside that gnuplot would run or that would break the SVG.
local lu = require "luaunit"
local lfs = require "lfs"
local gnuplot = require "heaplab.gnuplot"
local palette = require "heaplab.palette"
local scratch = require "test.scratch"

local picture = {}
_G.TestGnuplot = picture

function picture:setUp()
  self.dir = scratch.make()
end

function picture:tearDown()
  scratch.remove(self.dir)
end

local function plot(title)
  return {
    width = 400,
    height = 300,
    script = table.concat({
      gnuplot.block("data", { { 1, 2 }, { 2, 0 / 0 }, { 3, 1 / 0 }, { 4, 5 } }),
      "set title " .. gnuplot.text(title),
      "plot $data using 1:2 with linespoints title " .. gnuplot.text(title),
    }, "\n"),
  }
end

function picture:testDrawsBothFormatsWithTheSameBytesEachTime()
  for _, name in ipairs { "one", "two" } do
    lu.assertEquals({ gnuplot.draw(plot("a title"), self.dir .. "/" .. name) }, { true })
  end
  for _, kind in ipairs { "svg", "png" } do
    local first = scratch.read(self.dir .. "/one." .. kind)
    lu.assertEquals(first, scratch.read(self.dir .. "/two." .. kind))
    lu.assertTrue(#first > 1000)
  end
  lu.assertEquals(scratch.read(self.dir .. "/one.png"):sub(1, 4), "\137PNG")
  lu.assertNil(lfs.attributes(self.dir .. "/one.svg.part"))
end

function picture:testHostileTextIsShownAndNeverRun()
  local marker = self.dir .. "/ran"
  local name = "`touch " .. marker .. "`'; system('touch " .. marker
    .. "') # </text>\"&\n@x \255 $(x) {/=99 y}"
  lu.assertEquals({ gnuplot.draw(plot(name), self.dir .. "/hostile") }, { true })
  lu.assertNil(lfs.attributes(marker))
  local svg = scratch.read(self.dir .. "/hostile.svg")
  lu.assertStrContains(svg, "&lt;/text>")
  lu.assertTrue(scratch.well_formed(svg))
end

function picture:testAFailureIsOneLineAndLeavesNoPicture()
  local ok, message = gnuplot.draw({ script = "plot $nowhere using 1:2" }, self.dir .. "/bad")
  lu.assertNil(ok)
  lu.assertStrMatches(message, "gnuplot: [^\n]+")
  for name in lfs.dir(self.dir) do lu.assertStrContains("..", name) end
end

function picture:testAWarningIsAFailure()
  local ok, message = gnuplot.draw({ script = "set xrange [1:1]\nplot x" }, self.dir .. "/warn")
  lu.assertNil(ok)
  lu.assertStrContains(message, "gnuplot: ")
end

function picture:testAMissingFolderIsOneLine()
  local ok, message = gnuplot.draw(plot("x"), self.dir .. "/none/such")
  lu.assertNil(ok)
  lu.assertNotStrContains(message, "\n")
end

local look = {}
_G.TestPalette = look

function look.testAStrategyAndItsControlLookTheSame()
  for _, name in ipairs { "malloc:glibc", "heap:native+max", "heap:mine", "mine" } do
    lu.assertEquals(palette.style(name), palette.style(name))
    lu.assertEquals(palette.style("control:" .. name), palette.style(name))
    lu.assertStrMatches(palette.style(name).color, "#%x%x%x%x%x%x")
  end
end

function look.testAHeapsOptionsKeepItsColour()
  local plain, option = palette.style("heap:native"), palette.style("heap:native+no_serialize")
  lu.assertEquals(option.color, plain.color)
  lu.assertNotEquals(option.point, plain.point)
end

os.exit(lu.LuaUnit.run())
