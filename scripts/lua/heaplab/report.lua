--- One self-contained page about a run: verdict, losses, charts, every case, proof.
-- @module heaplab.report
local case_index = require "heaplab.case_index"
local compare = require "heaplab.compare"
local fail = require "heaplab.fail"
local figures = require "heaplab.report.figures"
local files = require "heaplab.files"
local html = require("heaplab.text").html
local overview = require "heaplab.report.overview"
local paths = require "heaplab.paths"
local provenance = require "heaplab.report.provenance"
local rows = require "heaplab.report.rows"
local tables = require "heaplab.report.tables"

local report = {}

--- A page stays below this many bytes, so that it can be mailed and opens on a telephone.
report.LIMIT = 1e6

-- What tables and charts may take each; the rest, a few kilobytes per strategy, is never cut.
local TABLES, CHARTS = 400e3, 450e3

local HEAD = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>heaplab: %s</title>
<style>
%s</style>
</head>
<body>
]]

local NAV = [[
<nav><a href="#losses">Losses first</a><a href="#strategies">Strategies</a>
<a href="#release">Release by the GC</a><a href="#size">By size</a><a href="#memory">Memory</a>
<a href="#cases">Every case</a><a href="#limits">What this does not measure</a>
<a href="#proof">What really ran</a><a href="#machine">Machine</a></nav>
]]

local function own_comparisons(callers)
  local count = 0
  rows.each(callers, function(one)
    if one.strategy:find("^heap:native") and one.ratio then count = count + 1 end
  end)
  return count
end

-- The reference of every caller; one that the user names holds where it was measured.
local function references(index, meta, named)
  local chosen, found = {}, named == nil
  for _, caller in ipairs(index:names("cpu_time")) do
    chosen[caller] = meta.reference[caller]
    for _, strategy in ipairs(index:strategies("cpu_time", caller)) do
      if strategy == named then chosen[caller], found = named, true end
    end
  end
  if not found then
    fail.usage("no strategy '%s' in this run; it has %s", named,
      table.concat(index:strategies("cpu_time"), ", "))
  end
  return chosen
end

local function with_references(meta, chosen)
  return setmetatable({ reference = chosen }, { __index = meta })
end

local function folder_of(path)
  return path:match("^(.*)/[^/]*$") or "."
end

--- Writes a run's page, and its charts into the folder `charts` beside it.
-- @tparam table run as `heaplab.runs.load` returns it
-- @tparam table options `reference`: a strategy to divide by instead of the run's own; `out`: path
-- of the page (default: report.html in the run's folder)
-- @treturn string path of the page; what cannot be done raises a usage error
function report.write(run, options)
  local index = case_index.of(run.samples)
  local meta = with_references(run.meta, references(index, run.meta, options.reference))
  local callers = rows.all(run, index, meta.reference)
  local path = options.out or run.dir .. "/report.html"
  local folder = folder_of(path)
  if not files.is_directory(folder) then
    fail.usage("cannot write %s: there is no folder %s", path, folder)
  end
  local drawn = fail.unless(figures.draw(index, meta, folder))
  local page = table.concat {
    HEAD:format(html(meta.id), fail.unless(files.read(paths.root
      .. "/scripts/lua/heaplab/report/style.css"))),
    overview.html(meta, callers, compare.null_controls(run, "cpu_time")), NAV, "<main>\n",
    tables.losses(rows.losses(callers), own_comparisons(callers)),
    figures.html(drawn, folder, CHARTS), tables.all(callers, meta.id, TABLES),
    provenance.html(meta), "</main>\n</body>\n</html>\n",
  }
  fail.unless(files.write(path, page))
  return path
end

return report
