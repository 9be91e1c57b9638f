--- The page's tables of ratios, each with its interval drawn in the row.
-- @module heaplab.report.tables
local frame = require "heaplab.charts.frame"
local html = require("heaplab.text").html
local key = require "heaplab.key"
local palette = require "heaplab.palette"
local units = require "heaplab.units"

local tables = {}

-- A sign beside each word, so that colour is never the only difference.
local SIGNS = { slower = "▲", faster = "▼", equivalent = "=", unresolved = "·", invalid = "✕",
  reference = "◆" }

-- The scale of a table's drawn intervals: logarithmic, the same for all its rows, with 1 inside.
-- An empty loop would squeeze all others together; its mark stands at the edge.
local function scale_of(list)
  local low, high = 0.8, 1.25
  for _, one in ipairs(list) do
    if one.ratio and one.strategy ~= "nop" then
      low, high = math.min(low, one.ratio.low), math.max(high, one.ratio.high)
    end
  end
  low, high = math.log(low / 1.05), math.log(high * 1.05)
  return function(ratio)
    return math.max(0, math.min(100, (math.log(ratio) - low) / (high - low) * 100))
  end
end

local function interval(ratio, scale)
  local from, to = scale(ratio.low), scale(ratio.high)
  return ('<div class="iv"><u style="left:%.1f%%"></u><b style="left:%.1f%%;width:%.1f%%"></b>'
    .. '<i style="left:%.1f%%"></i></div>'):format(scale(1), from, math.max(to - from, 0.6),
      scale(ratio.ratio))
end

local function missed(ratio)
  if ratio.mde == math.huge then return "any" end
  return ("%.1f %%"):format(ratio.mde * 100)
end

-- The strategy's colour in the charts, as a small square.
local function swatch(strategy)
  return ('<span class="sw" style="background:%s"></span>'):format(palette.style(strategy).color)
end

local function ratio_cells(one, scale)
  local ratio = one.ratio
  if not ratio then return '<td class="n">1</td><td></td><td class="w"></td>', "" end
  return ('<td class="n">%s</td><td>%s</td><td class="n w">%.3f–%.3f</td>'):format(
    html(units.ratio(ratio.ratio)), interval(ratio, scale), ratio.low, ratio.high), missed(ratio)
end

local function row_html(one, scale)
  local cells, could_miss = ratio_cells(one, scale)
  return ('<tr class="%s"><th scope="row">%s%s</th><td class="n">%s</td>%s<td class="v">%s '
    .. '<span class="w">%s</span></td><td class="n w">%s</td><td class="n w">%s</td></tr>\n')
    :format(one.verdict:gsub("[^%l]", "-"), swatch(one.strategy), html(one.strategy),
      html(units.value(one.time.median, one.time.unit)), cells, SIGNS[one.verdict] or "–",
      html(one.verdict), html(could_miss),
      one.memory and html(units.bytes(one.memory.median)) or "")
end

local HEAD = [[<thead><tr><th scope="col">strategy</th><th scope="col" class="n">CPU time</th>
<th scope="col" class="n">ratio</th><th scope="col">interval <small>(line: 1)</small></th>
<th scope="col" class="n w">from–to</th><th scope="col">verdict</th>
<th scope="col" class="n w">could miss</th><th scope="col" class="n w">peak RSS</th></tr></thead>
]]

local function all_rows(groups)
  local list = {}
  for _, group in ipairs(groups) do
    for _, one in ipairs(group.rows) do list[#list + 1] = one end
  end
  return list
end

-- A table of groups of rows, each under a line with the group's heading.
local function table_html(groups, heading_of)
  local scale, parts = scale_of(all_rows(groups)), { '<div class="scroll"><table>', HEAD }
  for _, group in ipairs(groups) do
    local heading = heading_of(group)
    parts[#parts + 1] = "<tbody>\n"
    if heading ~= "" then
      parts[#parts + 1] = ('<tr class="case"><th colspan="8" scope="rowgroup">%s</th></tr>\n')
        :format(html(heading))
    end
    for _, one in ipairs(group.rows) do parts[#parts + 1] = row_html(one, scale) end
    parts[#parts + 1] = "</tbody>\n"
  end
  return table.concat(parts) .. "</table></div>\n"
end

local function workload_html(caller, workload, budget, run_id)
  local id = ("t-%s-%s"):format(caller.caller, workload.name):gsub("[^%w-]", "-")
  local head = ('<details open id="%s"><summary><h3>%s: %s <small>against %s</small></h3>'
    .. "</summary>\n"):format(id, html(frame.caller(caller.caller)), html(workload.name),
      html(caller.reference or "no reference"))
  local body = table_html(workload.cases, function(case) return frame.params(case.params) end)
  if #body > budget.left then
    body = ("<p>Left out to keep this page small: <code>heaplab cases --run %s --format tsv</code> "
      .. "lists it.</p>\n"):format(html(run_id))
  end
  budget.left = budget.left - #body
  return head .. body .. "</details>\n"
end

--- The section of all cases.
-- @tparam table callers of `heaplab.report.rows`
-- @string run_id
-- @number bytes how long the text may become; what is beyond is named instead
-- @treturn string
function tables.all(callers, run_id, bytes)
  local parts, budget = { [[<section id="cases"><h2>Every case</h2>
<p>Ratio: median over the rounds of time / time of the reference in the same round; slowest first.
“Could miss” is the smallest change that these rounds would have shown four times in five; invalid:
too few rounds, values in two clusters, or a null control that fired.</p>
]] }, { left = bytes }
  for _, caller in ipairs(callers) do
    for _, workload in ipairs(caller.workloads) do
      parts[#parts + 1] = workload_html(caller, workload, budget, run_id)
    end
  end
  return table.concat(parts) .. "</section>\n"
end

-- The case with the worst loss first, its variants together.
local function by_case(losses)
  local groups, known = {}, {}
  for _, one in ipairs(losses) do
    local id = key.case(one.caller, one.workload, "", one.params)
    if not known[id] then
      known[id] = { rows = {} }
      groups[#groups + 1] = known[id]
    end
    table.insert(known[id].rows, one)
  end
  return groups
end

--- The section of the cases that the native engine loses.
-- @tparam table losses of `heaplab.report.rows`
-- @number cases how many cases of the native engine were compared
-- @treturn string
function tables.losses(losses, cases)
  local parts = { '<section id="losses"><h2>Losses first</h2>\n' }
  if #losses == 0 then
    parts[2] = ("<p>In none of %d comparisons does the whole interval of <code>heap:native</code>"
      .. " or one of its variants lie above its reference.</p>\n"):format(cases)
    return table.concat(parts) .. "</section>\n"
  end
  parts[2] = ("<p>Where <code>heap:native</code> or one of its variants is slower than the "
    .. "reference: %d of %d comparisons.</p>\n"):format(#losses, cases)
  parts[3] = table_html(by_case(losses), function(group)
    local one = group.rows[1]
    return ("%s %s, %s"):format(frame.caller(one.caller), one.workload, frame.params(one.params))
  end)
  return table.concat(parts) .. "</section>\n"
end

return tables
