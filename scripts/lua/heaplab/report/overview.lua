--- The head of the page: what ran, what it says in one line per caller, and what to doubt.
-- @module heaplab.report.overview
local cjson = require "cjson"

local frame = require "heaplab.charts.frame"
local html = require("heaplab.text").html
local ratio = require "heaplab.stats.ratio"
local sign = require "heaplab.stats.sign"
local units = require "heaplab.units"
local verdict = require "heaplab.verdict"

local overview = {}

local MOST_FAILURES = 20

-- run.json writes null for what there is none of.
local function present(value)
  return value ~= nil and value ~= cjson.null and value ~= ""
end

local function count_cases(callers)
  local cases = 0
  for _, caller in ipairs(callers) do
    for _, workload in ipairs(caller.workloads) do
      for _, case in ipairs(workload.cases) do cases = cases + #case.rows end
    end
  end
  return cases
end

local function headline(caller)
  local name, reference = frame.caller(caller.caller), caller.reference
  local compared = caller.compared["heap:native"]
  if not compared then
    return ("<li><b>%s</b>: no case has both heap:native and the reference %s.</li>\n"):format(
      html(name), html(reference or "(none)"))
  end
  local mean = compared.geomean
  return ("<li><b>%s</b>: heap:native takes <strong>%s</strong> the time of %s "
    .. "<small>(geometric mean of %d cases, %.3f–%.3f)</small></li>\n"):format(html(name),
      html(units.ratio(mean.ratio)), html(reference), mean.cases, mean.low, mean.high)
end

local function null_control(caller, control, fired, enough)
  if not control then return "" end
  local compared = caller.compared[control.name]
  local name = html(frame.caller(caller.caller))
  if fired then
    return ('<li class="bad">%s: <b>the null control fired</b>: %s against itself came out %.3f× '
      .. "(%s). No verdict of this caller counts; run it again on a quieter machine.</li>\n")
      :format(name, html(control.of), fired.ratio, html(fired.name))
  end
  if not compared then return ("<li>%s: no null control was measured.</li>\n"):format(name) end
  local mean = compared.geomean
  return ('<li class="%s">%s: null control %s: %s against itself %.3f× (%.3f–%.3f).</li>\n')
    :format(enough and "good" or "warn", name, enough and "quiet" or "undecided",
      html(control.of), mean.ratio, mean.low, mean.high)
end

-- A case's key names caller and strategy; a process that failed as a whole has no case.
local function failure(one)
  local where = one.case ~= "" and one.case
    or ("%s %s"):format(frame.caller(one.caller), one.strategy)
  return ('<li class="bad">failed in round %s: %s: %s</li>\n'):format(html(one.round), html(where),
    html(one.what))
end

local function failures(meta)
  if #meta.failures == 0 then return '<li class="good">No process failed.</li>\n' end
  local parts = {}
  for i = 1, math.min(#meta.failures, MOST_FAILURES) do parts[i] = failure(meta.failures[i]) end
  if #meta.failures > MOST_FAILURES then
    parts[#parts + 1] = ('<li class="bad">%d more failures are in run.json.</li>\n'):format(
      #meta.failures - MOST_FAILURES)
  end
  return table.concat(parts)
end

local function not_found(meta)
  local parts = {}
  for _, one in ipairs(meta.strategies) do
    if not one.found then
      parts[#parts + 1] = ('<li class="warn">not found: <b>%s %s</b>: %s</li>\n'):format(
        html(frame.caller(one.caller)), html(one.name), html(one.hint or "no hint"))
    end
  end
  return table.concat(parts)
end

local function status(meta)
  if meta.status == "complete" then return "" end
  return ('<li class="bad">The run is <b>%s</b>: %d of %d rounds are in this report.</li>\n')
    :format(html(meta.status), meta.rounds_done, meta.rounds_planned)
end

local function enough_rounds(rounds)
  return sign.rank(rounds, ratio.ALPHA) > 0
end

local function too_few_rounds(meta, callers)
  local most = 0
  for _, caller in ipairs(callers) do
    for _, compared in pairs(caller.compared) do most = math.max(most, compared.cases) end
  end
  local caution = verdict.caution(meta.rounds_done, most)
  if not caution then return "" end
  return ('<li class="%s">%s</li>\n'):format(enough_rounds(meta.rounds_done) and "warn" or "bad",
    html(caution))
end

local function debug_build(meta)
  if meta.build_type == "Release" then return "" end
  return ('<li class="bad">Built as <b>%s</b>: these times say nothing about a release build.'
    .. "</li>\n"):format(html(meta.build_type))
end

local function what_ran(meta, callers)
  local commit = present(meta.commit) and ("commit %s%s"):format(meta.commit,
    meta.dirty and " with local changes" or "") or "not from a git checkout"
  local parts = { ("profile %s"):format(meta.profile), ("%d rounds"):format(meta.rounds_done),
    ("%d cases"):format(count_cases(callers)), commit, meta.started,
    tostring(meta.fingerprint.cpu) }
  if present(meta.filter) then parts[#parts + 1] = "filter " .. meta.filter end
  return html(table.concat(parts, " · "))
end

--- The head of the page.
-- @tparam table meta run.json
-- @tparam table callers of `heaplab.report.rows`
-- @tparam table fired of `heaplab.compare.null_controls`
-- @treturn string
function overview.html(meta, callers, fired)
  local headlines, controls = {}, {}
  for i, caller in ipairs(callers) do
    headlines[i] = headline(caller)
    controls[i] = null_control(caller, (meta.control or {})[caller.caller], fired[caller.caller],
      enough_rounds(meta.rounds_done))
  end
  return table.concat {
    ("<header><h1>heaplab: run %s</h1>\n<p>%s</p></header>\n"):format(html(meta.id),
      what_ran(meta, callers)),
    '<section id="verdict" class="banner"><h2>What this run says</h2>\n<ul class="headline">\n',
    #headlines > 0 and table.concat(headlines) or "<li>No samples: no round was finished.</li>\n",
    '</ul>\n<ul class="checks">\n', status(meta), debug_build(meta),
    too_few_rounds(meta, callers), table.concat(controls),
    failures(meta), not_found(meta), "</ul>\n</section>\n",
  }
end

return overview
