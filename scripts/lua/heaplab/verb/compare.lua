--- `heaplab compare`: two strategies of one run, case by case.

local cli = require "heaplab.cli"
local columns = require "heaplab.columns"
local compare = require "heaplab.compare"
local fail = require "heaplab.fail"
local json = require "heaplab.json"
local runs = require "heaplab.runs"
local tsv = require "heaplab.tsv"

local EPILOGUE = "Ratios are against / base: medians of ratios paired by round, with exact"
  .. " sign-test intervals, judged with Holm's correction. Verdicts: faster, slower, equivalent,"
  .. " unresolved, and invalid where the null control fired, the rounds fall into two clusters or"
  .. " are too few. mde is the smallest relative change that these rounds would have shown four"
  .. " times of five."

local function parser()
  local p = cli.parser("compare", "Compare two strategies of a run, case by case.")
  p:epilog(EPILOGUE)
  p:option("--run", "Run: an id, a folder, or latest."):default("latest")
  p:mutex(
    p:option("--base", "Strategy to compare with."):argname("STRATEGY"),
    p:option("--best-of", "Compare with the best of these, case by case."):argname("A,B,..."))
  p:option("--against", "Strategy to judge."):argname("STRATEGY")
  p:option("--caller", "Only this caller's cases.")
  p:option("--filter", "Only cases whose CALLER/WORKLOAD/PARAMS matches."):argname("REGEX")
  p:option("--metric", "cpu_time, wall_time, peak_rss, rss_end, rss_compacted,"
      .. " page_faults or gc_cycles.")
    :default("cpu_time")
  cli.format(p)
  return p
end

local function options_of(parsed)
  if not (parsed.base or parsed.best_of) then
    fail.usage("name what to compare with: --base STRATEGY, or --best-of A,B,...")
  end
  if not parsed.against then fail.usage("name the strategy to judge: --against STRATEGY") end
  local best_of
  if parsed.best_of then
    best_of = {}
    for name in parsed.best_of:gmatch("[^,]+") do best_of[#best_of + 1] = name end
    if #best_of == 0 then fail.usage("--best-of names no strategy") end
  end
  return { base = parsed.base, best_of = best_of, against = parsed.against,
    caller = parsed.caller, filter = parsed.filter, metric = parsed.metric }
end

local format = {}

-- A change of any size would have gone unseen: JSON's null, an empty field, a dash.
local function mde_text(value, text, none)
  return value < math.huge and text(value) or none
end

function format.json(result)
  local cases = {}
  for i, row in ipairs(result.cases) do
    cases[i] = { name = row.name, ratio = row.ratio, low = row.low, high = row.high,
      verdict = row.verdict, mde = row.mde, rounds = row.rounds }
  end
  local mean = result.geomean
  return json.pretty({ cases = cases,
    geomean = { ratio = mean.ratio, low = mean.low, high = mean.high } }) .. "\n"
end

function format.tsv(result)
  local lines = { tsv.line { "name", "ratio", "low", "high", "verdict", "mde", "rounds", "base" } }
  for _, row in ipairs(result.cases) do
    lines[#lines + 1] = tsv.line { row.name, row.ratio, row.low, row.high, row.verdict,
      mde_text(row.mde, tsv.number, ""), row.rounds, row.base }
  end
  local mean = result.geomean
  lines[#lines + 1] = tsv.line { "geomean", mean.ratio, mean.low, mean.high, "", "", mean.rounds,
    "" }
  return table.concat(lines)
end

local function cells(name, row, verdict, mde)
  return { name, ("%.3f"):format(row.ratio), ("%.3f"):format(row.low), ("%.3f"):format(row.high),
    verdict, mde, tostring(row.rounds) }
end

local function percent(value)
  return ("%.1f %%"):format(100 * value)
end

local function notes(result)
  local lines = {}
  local mean = result.geomean -- as many rounds as any case
  if mean.confidence < 0.95 then
    lines[#lines + 1] = ("%d rounds are too few: the intervals cover only %.0f %%\n")
      :format(mean.rounds, 100 * mean.confidence)
  elseif not result.corrected then
    lines[#lines + 1] = "too few rounds for Holm's correction over so many cases:"
      .. " verdicts rest on each case's own interval\n"
  end
  return table.concat(lines)
end

function format.text(result)
  local rows = { { "case", "ratio", "low", "high", "verdict", "mde", "rounds" } }
  local with_base = {}
  for _, row in ipairs(result.cases) do
    rows[#rows + 1] = cells(row.name, row, row.verdict, mde_text(row.mde, percent, "-"))
    with_base[row.base] = true
  end
  rows[#rows + 1] = cells("geometric mean", result.geomean, "", "")
  local first = next(with_base)
  if next(with_base, first) then
    rows[1][8] = "base"
    for i, row in ipairs(result.cases) do rows[i + 1][8] = row.base end
  end
  return ("%s: %s, ratio to %s (below 1 is less)\n"):format(result.cases[1].against, result.metric,
    next(with_base, first) and "the best of several" or first)
    .. columns.format(rows, "lrrrlrrl") .. notes(result)
end

local function warn(controls)
  for caller, row in pairs(controls) do
    io.stderr:write(("heaplab: the null control of %s came out different (%s: ratio %.3f);"
      .. " its verdicts are invalid\n"):format(caller, row.name, row.ratio))
  end
end

local function run(args)
  local parsed = cli.parse(parser(), args)
  local options = options_of(parsed)
  local loaded = fail.unless(runs.load_measured(fail.unless(runs.resolve(parsed.run))))
  local result = compare.strategies(loaded, options)
  cli.emit(format[parsed.format](result))
  warn(result.controls)
  return 0
end

return { summary = "compare two strategies of a run, case by case", run = run }
