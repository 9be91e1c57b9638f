--- A run's charts: drawn beside the page, and put into it.
-- @module heaplab.report.figures
local files = require "heaplab.files"
local gnuplot = require "heaplab.gnuplot"
local html = require("heaplab.text").html
local svg = require "heaplab.report.svg"
local text = require "heaplab.text"

local figures = {}

-- In the order of the page. `none` says why a run may have no such chart.
local GROUPS = {
  { name = "strategies", heading = "Strategies compared, workload by workload",
    lead = "Left of the line is faster than the reference, right of it slower.",
    none = "no workload was measured with the reference and another strategy" },
  { name = "release", heading = "What release by the garbage collector costs",
    lead = "The same blobs, freed explicitly (open circle) and left to the collector (filled).",
    none = "no case has both `drop` and `explicit`" },
  { name = "size", heading = "Time by block size",
    lead = "Parallel lines differ by a constant factor; a line that steepens meets a limit, such "
      .. "as a cache or a switch to page mappings.",
    none = "no workload was measured at two sizes" },
  { name = "memory", heading = "Peak memory",
    lead = "What the process needed beyond an empty loop of the same caller.",
    none = "no case ran alone in its process" },
}

local function draw_group(group, index, meta, folder)
  local drawn = {}
  for _, chart in ipairs(require("heaplab.charts." .. group.name).charts(index, meta)) do
    local file = text.filename(chart.name)
    local ok, err = gnuplot.draw(chart, folder .. "/" .. file)
    if not ok then return nil, err end
    drawn[#drawn + 1] = { title = chart.title, file = file }
  end
  return drawn
end

--- Draws every chart that the run has samples for into `dir/charts`, as SVG and PNG.
-- @tparam Index index of `heaplab.case_index`
-- @tparam table meta the run's run.json
-- @string dir the page's folder
-- @return array of `{ name, heading, lead, none, charts = { { title, file }, ... } }`, or nil and
-- one line
function figures.draw(index, meta, dir)
  local folder, drawn = dir .. "/charts", {}
  local ok, err = files.make_directories(folder)
  if not ok then return nil, err end
  for i, group in ipairs(GROUPS) do
    local charts, draw_err = draw_group(group, index, meta, folder)
    if not charts then return nil, draw_err end
    drawn[i] = { name = group.name, heading = group.heading, lead = group.lead, none = group.none,
      charts = charts }
  end
  return drawn
end

local function figure(folder, chart, id)
  local source = assert(files.read(("%s/%s.svg"):format(folder, chart.file)))
  return ('<figure>%s<figcaption><a href="charts/%s.png">PNG</a> <a href="charts/%s.svg">SVG</a>'
    .. "</figcaption></figure>\n"):format(svg.inline(source, id .. "-", chart.title),
    html(chart.file), html(chart.file))
end

local function link(chart)
  return ('<p class="more"><a href="charts/%s.svg">%s</a> (a file beside this page)</p>\n'):format(
    html(chart.file), html(chart.title))
end

local function section(group, folder, budget)
  local parts = { ('<section id="%s"><h2>%s</h2>\n'):format(group.name, html(group.heading)) }
  if #group.charts == 0 then
    parts[2] = ('<p class="none">No samples: %s.</p>\n'):format(html(group.none))
  else
    parts[2] = ("<p>%s</p>\n"):format(html(group.lead))
  end
  for i, chart in ipairs(group.charts) do
    local whole = figure(folder, chart, ("%s%d"):format(group.name, i))
    if #whole > budget.left then whole = link(chart) end
    budget.left = budget.left - #whole
    parts[#parts + 1] = whole
  end
  return table.concat(parts) .. "</section>\n"
end

--- The sections of the page that hold the charts.
-- @tparam table drawn as @{draw} returns it
-- @string dir the page's folder
-- @number bytes how long the text may become; charts beyond are links to their files
-- @treturn string
function figures.html(drawn, dir, bytes)
  local parts, budget = {}, { left = bytes }
  for i, group in ipairs(drawn) do parts[i] = section(group, dir .. "/charts", budget) end
  return table.concat(parts)
end

return figures
