--- `heaplab report`: draws a run's charts and writes its page.
-- @module heaplab.verb.report
local cli = require "heaplab.cli"
local fail = require "heaplab.fail"
local interrupt = require "heaplab.interrupt"
local report = require "heaplab.report"
local runs = require "heaplab.runs"

local function parse(args)
  local parser = cli.parser("report", "Draws the charts of a run into its folder and writes "
    .. "report.html there: one page that needs neither network nor JavaScript.")
  parser:option("--run", "A run's name, its folder, or latest"):argname("RUN"):default "latest"
  parser:option("--reference", "The strategy that ratios divide by, where it was measured "
    .. "(default: the run's reference of each caller)"):argname("STRATEGY")
  parser:option("--out", "Where to write the page, and its charts beside it (default: in the"
    .. " run's folder)")
    :argname("FILE")
  return cli.parse(parser, args)
end

local function run(args)
  local options = parse(args)
  local dir = fail.unless(runs.resolve(options.run))
  local loaded = fail.unless(runs.load(dir))
  interrupt.install() -- so that no half of a picture stays behind
  cli.emit(report.write(loaded, { reference = options.reference, out = options.out }) .. "\n")
  return 0
end

return { summary = "draw a run's charts and write its page", run = run }
