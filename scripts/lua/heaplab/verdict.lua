--- Verdicts over the cases of a comparison.
--
-- `slower` and `faster`: significant, and beyond the margin. `equivalent`: the whole interval lies
-- inside the margin. `unresolved`: neither. `invalid`: the rounds cannot carry a verdict.
-- @module heaplab.verdict

local bimodal = require "heaplab.stats.bimodal"
local holm = require "heaplab.stats.holm"
local mde = require "heaplab.stats.mde"
local order = require "heaplab.stats.order"
local ratio = require "heaplab.stats.ratio"
local sign = require "heaplab.stats.sign"

local verdict = {}

--- A smaller change is no change: relative, and in ns per operation (one clock cycle or less).
verdict.MARGIN = 0.02
verdict.MARGIN_NS = 0.25

--- The margin of a case as a relative change.
-- @string unit of its metric
-- @number base median of the base
function verdict.margin(unit, base)
  if unit ~= "ns/op" then return verdict.MARGIN end
  return math.max(verdict.MARGIN, verdict.MARGIN_NS / base)
end

local function is_bimodal(logs, margin)
  local gap = bimodal.gap(order.sorted(logs))
  return gap ~= nil and gap > math.log(1 + margin)
end

--- The verdict of one case.
-- @tparam table row `ratio`, `low`, `high`, `rounds`, `logs`, `margin`, and `p_adjusted`: nil where
-- Holm's correction does not apply; then the interval alone decides
function verdict.of(row)
  if sign.rank(row.rounds, ratio.ALPHA) == 0 or is_bimodal(row.logs, row.margin) then
    return "invalid"
  end
  local above, below = 1 + row.margin, 1 / (1 + row.margin)
  local significant = not row.p_adjusted or row.p_adjusted <= ratio.ALPHA
  if significant and row.low > 1 and row.ratio > above then return "slower" end
  if significant and row.high < 1 and row.ratio < below then return "faster" end
  if row.low > below and row.high < above then return "equivalent" end
  return "unresolved"
end

--- Judges all cases of a comparison as one family, in place: sets `verdict`, `p_adjusted` and
-- `mde` (of the corrected test, never below the margin, within which no change is called one) of
-- each. A case that failed half way has fewer rounds: it is corrected like the others, and not they
-- judged as loosely as it would have to be.
-- @tparam {table,...} rows as for @{of}, with `p`
-- @treturn boolean whether Holm's correction applies: the rounds suffice for so many cases
function verdict.judge(rows)
  local p, most = {}, 0
  for i, row in ipairs(rows) do p[i], most = row.p, math.max(most, row.rounds) end
  local corrected = holm.applies(most, #rows, ratio.ALPHA)
  local adjusted = corrected and holm.adjust(p) or {}
  local level = corrected and ratio.ALPHA / #rows or ratio.ALPHA
  for i, row in ipairs(rows) do
    row.p_adjusted, row.mde = adjusted[i], math.max(mde.of(row.logs, level), row.margin)
    row.verdict = verdict.of(row)
  end
  return corrected
end

--- What to know before believing a run's verdicts: that its rounds carry none, or are too few for
-- Holm's correction; nil when they suffice.
-- @number rounds
-- @number cases of its largest comparison
-- @treturn ?string a sentence
function verdict.caution(rounds, cases)
  if sign.rank(rounds, ratio.ALPHA) == 0 then
    local needed = rounds
    repeat needed = needed + 1 until sign.rank(needed, ratio.ALPHA) > 0
    return ("%s no verdict; at least %d are needed."):format(
      rounds == 1 and "1 round carries" or rounds .. " rounds carry", needed)
  elseif not holm.applies(rounds, cases, ratio.ALPHA) then
    return ("%d rounds are too few for Holm's correction over %d cases: verdicts rest on each "
      .. "case's own interval, and 1 in 20 may be wrong."):format(rounds, cases)
  end
end

return verdict
