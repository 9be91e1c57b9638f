--- The ratio of two strategies (or two builds) measured in the same rounds.
--
-- Each round gives one log ratio; their median is the estimate, the sign test its interval. Pairing
-- takes the machine's slow changes out: raw times of neighbouring rounds correlate with about 0.5,
-- paired log ratios do not.
-- @module heaplab.stats.ratio

local mde = require "heaplab.stats.mde"
local order = require "heaplab.stats.order"
local sign = require "heaplab.stats.sign"

local ratio = {}

--- Level of the intervals and tests where the caller gives none.
ratio.ALPHA = 0.05

--- log(against / base) of every round that has both, both positive.
-- @param base map round -> value
-- @param against map round -> value
-- @return unordered array, and map round -> the same
function ratio.logs(base, against)
  local logs, by_round = {}, {}
  for round, value in pairs(base) do
    local other = against[round]
    if other and value > 0 and other > 0 then
      by_round[round] = math.log(other / value)
      logs[#logs + 1] = by_round[round]
    end
  end
  return logs, by_round
end

local function p_value(logs)
  local positive, total = 0, 0
  for _, value in ipairs(logs) do
    if value > 0 then positive = positive + 1 end
    if value ~= 0 then total = total + 1 end
  end
  return sign.p_value(positive, total)
end

--- The estimate from paired log ratios.
-- @param logs non-empty array
-- @number[opt=0.05] alpha
-- @treturn table `ratio`, `low`, `high`, `confidence` (of the interval: at least 1 - alpha, less
-- when there are too few rounds for that), `rounds`, `p` (two-sided), `mde` (relative, may be
-- math.huge)
function ratio.of_logs(logs, alpha)
  alpha = alpha or ratio.ALPHA
  local sorted = order.sorted(logs)
  local low, high, confidence = sign.interval(sorted, alpha)
  return {
    ratio = math.exp(order.quantile(sorted, 0.5)),
    low = math.exp(low),
    high = math.exp(high),
    confidence = confidence,
    rounds = #logs,
    p = p_value(logs),
    mde = mde.of(logs, alpha),
  }
end

--- The ratio against / base over the rounds that have both.
-- @param base map round -> value
-- @param against map round -> value
-- @number[opt=0.05] alpha
-- @return the table of @{of_logs}, or nil and a message when no round has both values positive
function ratio.paired(base, against, alpha)
  local logs = ratio.logs(base, against)
  if #logs == 0 then return nil, "no round has a positive value of both" end
  return ratio.of_logs(logs, alpha)
end

return ratio
