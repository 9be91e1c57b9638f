--- Compares strategies within a run, round by round.
-- @module heaplab.compare

local fail = require "heaplab.fail"
local order = require "heaplab.stats.order"
local ratio = require "heaplab.stats.ratio"
local selection = require "heaplab.selection"
local series = require "heaplab.series"
local verdict = require "heaplab.verdict"

local compare = {}

--- The strategy with the least median in a case.
-- @tparam table case as series.of_metric returns it
-- @tparam {string,...} names
-- @treturn ?string nil when none of them was measured
function compare.best_of(case, names)
  local best, least
  for _, name in ipairs(names) do
    local rounds = case.strategies[name]
    local median = rounds and order.median(series.values(rounds))
    if median and (not least or median < least) then best, least = name, median end
  end
  return best
end

-- Both sides of a case, or nil when one was not measured.
local function sides(case, options)
  local base = options.best_of and compare.best_of(case, options.best_of) or options.base
  local base_rounds, against_rounds = case.strategies[base], case.strategies[options.against]
  if base_rounds and against_rounds then return base, base_rounds, against_rounds end
end

local function row_of(case, options)
  local base, base_rounds, against_rounds = sides(case, options)
  if not base then return nil end
  local logs, by_round = ratio.logs(base_rounds, against_rounds)
  if #logs == 0 then return nil end
  local row = ratio.of_logs(logs)
  row.name, row.caller = case.name, case.caller
  row.workload, row.params = case.workload, case.params
  row.base, row.against, row.logs = base, options.against, logs
  row.base_median = order.median(series.values(base_rounds))
  row.margin = verdict.margin(case.unit, row.base_median)
  row.by_round = by_round
  return row
end

local function rows_of(cases, options)
  local rows = {}
  for _, case in ipairs(cases) do
    if (not options.caller or case.caller == options.caller) and options.matches(case) then
      rows[#rows + 1] = row_of(case, options)
    end
  end
  return rows
end

-- The row with the most rounds, the first of several.
local function fullest(rows)
  local best = rows[1]
  for _, row in ipairs(rows) do
    if row.rounds > best.rounds then best = row end
  end
  return best
end

local function has_rounds(row, wanted)
  for round in pairs(wanted) do
    if not row.by_round[round] then return false end
  end
  return true
end

--- The geometric mean of rows over their cases, paired by round.
-- A case that lacks a round of the fullest one is left out: a mean over changing sets of cases
-- would compare nothing.
-- @tparam {table,...} rows of @{strategies}
-- @treturn table as ratio.of_logs, with `cases`, the number of rows in it
function compare.geomean(rows)
  local wanted, sums, cases = fullest(rows).by_round, {}, 0
  for _, row in ipairs(rows) do
    if has_rounds(row, wanted) then
      cases = cases + 1
      for round in pairs(wanted) do sums[round] = (sums[round] or 0) + row.by_round[round] end
    end
  end
  local logs = {}
  for _, sum in pairs(sums) do logs[#logs + 1] = sum / cases end
  local result = ratio.of_logs(logs)
  result.cases, result.logs = cases, logs
  return result
end

local function fired(run, cases, caller)
  local control = (run.meta.control or {})[caller]
  if not control then return nil end
  local rows = rows_of(cases, { base = control.of, against = control.name, caller = caller,
    matches = function() return true end })
  if #rows == 0 then return nil end
  local mean = compare.geomean(rows)
  mean.name, mean.margin = caller .. ", geometric mean", verdict.MARGIN
  rows[#rows + 1] = mean
  -- Uncorrected, some of many cases would fire in every other run: then the mean alone counts.
  local corrected = verdict.judge(rows)
  for _, row in ipairs(corrected and rows or { mean }) do
    if row.verdict == "slower" or row.verdict == "faster" then return row end
  end
end

local controls_of = setmetatable({}, { __mode = "k" })

--- The null controls of a run: the reference against itself, by caller.
-- @tparam table run
-- @string metric
-- @treturn table map caller -> row that came out different: such a caller's verdicts count for
-- nothing
function compare.null_controls(run, metric)
  local known = controls_of[run] or {}
  controls_of[run] = known
  if not known[metric] then
    local cases = series.of_metric(run, metric)
    known[metric] = {}
    for caller in pairs(run.meta.control or {}) do
      known[metric][caller] = fired(run, cases, caller)
    end
  end
  return known[metric]
end

local function downgrade(rows, controls)
  for _, row in ipairs(rows) do
    if controls[row.caller] and row.verdict ~= "unresolved" then row.verdict = "invalid" end
  end
end

local function check_known(run, column, name, accept)
  if not name then return end
  local names = series.distinct(run, column, accept)
  for _, known in ipairs(names) do
    if known == name then return end
  end
  fail.usage("no %s '%s' in this run; it has %s", column, name, table.concat(names, ", "))
end

local function check_options(run, options)
  check_known(run, "metric", options.metric)
  check_known(run, "caller", options.caller)
  local function of_caller(sample)
    return not options.caller or sample.caller == options.caller
  end
  for _, name in ipairs(options.best_of or { options.base }) do
    check_known(run, "strategy", name, of_caller)
  end
  check_known(run, "strategy", options.against, of_caller)
end

--- Compares `against` with `base`, case by case; ratio = against / base.
-- @tparam table run as runs.load returns it
-- @tparam table options `base` or `best_of` (array: the best of these, case by case), `against`,
-- `caller`, `filter` (POSIX extended regular expression over CALLER/WORKLOAD/PARAMS), `metric`
-- (default cpu_time)
-- @treturn table `geomean` (`ratio`, `low`, `high`), `cases` (`name`, `ratio`, `low`, `high`,
-- `verdict`, `mde`, `rounds`; also `caller`, `workload`, `params`, `base`, `against`,
-- `confidence`, `p`, `p_adjusted`), `controls` (fired null controls by caller), `corrected`
-- (whether Holm's correction applied), `metric`. Unknown names and nothing to compare raise a usage
-- error.
function compare.strategies(run, options)
  options.metric = options.metric or "cpu_time"
  check_options(run, options)
  local passes = selection.matcher(options.filter)
  options.matches = function(case) return passes(case.name) end
  local rows = rows_of(series.of_metric(run, options.metric), options)
  if #rows == 0 then
    fail.usage("%s and %s have no case in common%s", options.base
      or table.concat(options.best_of, ", "), options.against,
      options.filter and (" that matches '%s'"):format(options.filter) or "")
  end
  local controls = compare.null_controls(run, options.metric)
  local corrected = verdict.judge(rows)
  downgrade(rows, controls)
  return { geomean = compare.geomean(rows), cases = rows, controls = controls,
    corrected = corrected, metric = options.metric }
end

return compare
