--- `heaplab history`: lists the series over the stored runs and draws a chart per workload.
-- @module heaplab.verb.history
local cjson = require "cjson"

local chart_of = require("heaplab.charts.history").chart
local cli = require "heaplab.cli"
local fail = require "heaplab.fail"
local files = require "heaplab.files"
local gnuplot = require "heaplab.gnuplot"
local history = require "heaplab.history"
local interrupt = require "heaplab.interrupt"
local json = require "heaplab.json"
local paths = require "heaplab.paths"
local selection = require "heaplab.selection"
local store = require "heaplab.store"
local text = require "heaplab.text"
local tsv = require "heaplab.tsv"

local COLUMNS = { "machine", "build_type", "caller", "workload", "params", "strategy", "metric",
  "runs", "reference", "ratio", "low", "high", "previous", "change", "last_run" }

local function parse(args)
  local parser = cli.parser("history", "Lists every case over the stored runs, as a ratio to the "
    .. "reference strategy of the same run, and draws one chart per workload into "
    .. "results/charts/history/. Runs of different machines or build types are never mixed.")
  parser:option("--filter", "Only cases whose key this POSIX extended regular expression matches")
    :argname("REGEX")
  parser:option("--caller", "Only this caller"):argname("CALLER")
  parser:option("--metric", "What to compare"):argname("METRIC"):default "cpu_time"
  cli.format(parser)
  return cli.parse(parser, args)
end

-- One row per series: the last point, and how it moved since the one before.
local function row(group, series, metric)
  local last, before = series.points[#series.points], series.points[#series.points - 1]
  return {
    machine = group.machine, build_type = group.build_type, caller = series.caller,
    workload = series.workload, params = series.params, strategy = series.strategy,
    metric = metric, runs = #series.points, reference = last.reference, ratio = last.ratio.ratio,
    low = last.ratio.low, high = last.ratio.high, last_run = last.run.name,
    previous = before and before.ratio.ratio,
    change = before and last.ratio.ratio / before.ratio.ratio - 1, key = series.key,
  }
end

local function rows_of(groups, metric)
  local rows = {}
  for _, group in ipairs(groups) do
    for _, series in ipairs(group.series) do rows[#rows + 1] = row(group, series, metric) end
  end
  return rows
end

local format_as = {}

function format_as.tsv(rows)
  local lines = { tsv.line(COLUMNS) }
  for _, one in ipairs(rows) do
    local values = {}
    for i, name in ipairs(COLUMNS) do values[i] = one[name] or "" end
    lines[#lines + 1] = tsv.line(values)
  end
  return table.concat(lines)
end

function format_as.json(rows)
  local list = json.array()
  for i, one in ipairs(rows) do
    list[i] = {}
    for _, name in ipairs(COLUMNS) do list[i][name] = one[name] or cjson.null end
  end
  return json.pretty(list) .. "\n"
end

local HEADING = "machine %s, %s build: %s, newest run, as a ratio to the reference of that run\n"
  .. "   ratio     low    high   change  runs  case\n"

function format_as.text(rows)
  local lines, group = {}, nil
  for _, one in ipairs(rows) do
    if group ~= one.machine .. one.build_type then
      group = one.machine .. one.build_type
      lines[#lines + 1] = HEADING:format(text.printable(one.machine),
        text.printable(one.build_type), one.metric)
    end
    lines[#lines + 1] = ("%8.3f%8.3f%8.3f%9s%6d  %s\n"):format(one.ratio, one.low, one.high,
      one.change and ("%+.1f %%"):format(one.change * 100) or "-", one.runs,
      text.printable(one.key))
  end
  return table.concat(lines)
end

local function draw_group(group, metric, folder)
  local ok, err = files.make_directories(folder)
  if not ok then return nil, err end
  local count = 0
  for _, place in ipairs(group.workloads) do
    local chart = chart_of(group, place, metric)
    if chart then
      ok, err = gnuplot.draw(chart, folder .. "/" .. text.filename(chart.name))
      if not ok then return nil, err end
      count = count + 1
    end
  end
  return count
end

local function draw(groups, metric, folder)
  local total = 0
  for _, group in ipairs(groups) do
    local count, err = draw_group(group, metric, folder .. "/" .. text.filename(group.name))
    if not count then return nil, err end
    total = total + count
  end
  return total
end

local function read(options)
  local opened = fail.unless(store.open())
  local groups, err = history.read(opened, { metric = options.metric, caller = options.caller,
    matches = selection.matcher(options.filter) })
  opened:close()
  return fail.unless(groups, err)
end

local function run(args)
  local options = parse(args)
  interrupt.install() -- so that no half of a picture stays behind
  local groups = read(options)
  if #groups == 0 then fail.usage("%s holds no run yet; make one with `heaplab run`",
    store.path()) end
  local rows = rows_of(groups, options.metric)
  if #rows == 0 then
    fail.usage("no stored case matches --filter, --caller and --metric %s; "
      .. "`heaplab history --format tsv` lists all", options.metric)
  end
  -- Drawn first, since a reader such as `head` may end this program while it prints; and printed
  -- even where nothing can be drawn.
  local folder = paths.results .. "/charts/history"
  local count, err = draw(groups, options.metric, folder)
  cli.emit(format_as[options.format](rows))
  fail.unless(count, err)
  if options.format == "text" then
    cli.emit(("%d charts in %s\n"):format(count, text.printable(folder)))
  end
  return 0
end

return { summary = "list the series over all stored runs and draw their charts", run = run }
