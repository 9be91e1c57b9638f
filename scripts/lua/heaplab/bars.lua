--- Judges a run by bars: each with its cases, their mean, the worst of them, met or missed.
-- @module heaplab.bars

local compare = require "heaplab.compare"
local key = require "heaplab.key"
local order = require "heaplab.stats.order"
local ratio = require "heaplab.stats.ratio"
local series = require "heaplab.series"
local sign = require "heaplab.stats.sign"

local bars = {}

bars.CALLER = "c"
bars.STRATEGY = "heap:native"

--- Verdicts, losses first.
bars.VERDICTS = { "missed", "incomplete", "not measured", "met" }

-- The cases of one metric by WORKLOAD/PARAMS, as series.of_metric has them.
local function cases_of(run, metric)
  local cases = {}
  for _, case in ipairs(series.of_metric(run, metric)) do
    if case.caller == bars.CALLER then cases[key.bench(case.workload, case.params)] = case end
  end
  return cases
end

local function replaced(bench, instead)
  if not instead then return bench end
  local from, to = bench:find(instead[1], 1, true)
  return bench:sub(1, from - 1) .. instead[2] .. bench:sub(to + 1)
end

-- A case against the best of the peers, round by round; nil when a side was not measured.
local function ratio_row(cases, bar, bench)
  local judged = cases[bench] and cases[bench].strategies[bar.strategy or bars.STRATEGY]
  local other = cases[replaced(bench, bar.instead)]
  local best = other and compare.best_of(other, bar.peers)
  if not (judged and best) then return nil end
  local logs, by_round = ratio.logs(other.strategies[best], judged)
  if #logs == 0 then return nil end
  local row = ratio.of_logs(logs)
  row.name, row.base, row.by_round, row.value = bench, best, by_round, row.ratio
  return row
end

local function value_row(cases, bar, bench)
  local rounds = cases[bench] and cases[bench].strategies[bar.strategy or bars.STRATEGY]
  if not rounds then return nil end
  local sorted = order.sorted(series.values(rounds))
  local low, high = sign.interval(sorted, ratio.ALPHA)
  return { name = bench, value = order.quantile(sorted, 0.5), low = low, high = high,
    unit = cases[bench].unit }
end

local function rows_of(cases, bar)
  local row_of, rows, missing = bar.most and value_row or ratio_row, {}, {}
  for _, bench in ipairs(bar.cases) do
    local row = row_of(cases, bar, bench)
    if row then rows[#rows + 1] = row else missing[#missing + 1] = bench end
  end
  table.sort(rows, function(a, b) return a.value > b.value end)
  return rows, missing
end

local function within(result)
  local bar = result.bar
  if bar.most then return result.worst.value <= bar.most end
  return (not bar.mean or result.mean.ratio <= bar.mean)
    and (not bar.worst or result.worst.ratio <= bar.worst)
end

local function verdict_of(result)
  if #result.rows == 0 then return "not measured" end
  if not within(result) then return "missed" end
  return #result.missing > 0 and "incomplete" or "met"
end

local function judge(cases, bar)
  local result = { bar = bar }
  result.rows, result.missing = rows_of(cases, bar)
  result.worst = result.rows[1]
  if result.worst and not bar.most then result.mean = compare.geomean(result.rows) end
  result.verdict = verdict_of(result)
  return result
end

-- Counts are the same each time: one round says it all.
local function counted(counts)
  local cases = {}
  for _, row in ipairs(counts or {}) do
    local bench = key.bench(row.workload, row.params)
    cases[bench] = cases[bench] or { unit = "instructions", strategies = {} }
    cases[bench].strategies[row.strategy] = { tonumber(row.instructions) }
  end
  return cases
end

local rank = {}
for i, name in ipairs(bars.VERDICTS) do rank[name] = i end

-- Losses first, and in the order of the table.
local function sort(results)
  local place = {}
  for i, result in ipairs(results) do place[result] = i end
  table.sort(results, function(a, b)
    local by_verdict = rank[a.verdict] - rank[b.verdict]
    return by_verdict < 0 or by_verdict == 0 and place[a] < place[b]
  end)
  return results
end

--- Judges.
-- @tparam table run as runs.load returns it
-- @tparam {table,...} list of bars, as heaplab.bar_table has them
-- @tparam ?{table,...} counts rows of `heaplab instructions --format tsv`
-- @treturn {table,...} losses first: `bar`, `verdict` ("missed", "incomplete": what was measured
-- is within the limits, but cases are missing; "not measured", "met"), `rows` by value, the
-- largest first (`name`, `value`, `low`, `high`, and for ratios `ratio` and `base`), `worst` (the
-- first of them), `mean` (of ratios, as compare.geomean returns it), `missing` (cases)
function bars.judge(run, list, counts)
  local results = {}
  for i, bar in ipairs(list) do
    local cases = bar.metric == "instructions" and counted(counts) or cases_of(run, bar.metric)
    results[i] = judge(cases, bar)
  end
  return sort(results)
end

--- The metrics of a run that bars rest on, each once.
function bars.metrics(list)
  local names, seen = {}, { instructions = true }
  for _, bar in ipairs(list) do
    if not seen[bar.metric] then
      names[#names + 1], seen[bar.metric] = bar.metric, true
    end
  end
  return names
end

return bars
