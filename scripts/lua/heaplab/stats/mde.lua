--- The minimum detectable effect: how big a shift these rounds would have shown.
-- @module heaplab.stats.mde

local order = require "heaplab.stats.order"
local sign = require "heaplab.stats.sign"

local mde = {}

--- Probability with which a shift of the returned size is detected.
mde.POWER = 0.8

-- The chance that a single difference must have to point the right way, so that enough of n do.
local function needed_probability(n, rank)
  local low, high = 0.5, 1 - 1e-12
  for _ = 1, 60 do
    local middle = (low + high) / 2
    -- All but at most rank - 1 differences must agree: at most so many may point the wrong way.
    if sign.cumulative(rank - 1, n, 1 - middle) < mde.POWER then low = middle else high = middle end
  end
  return high
end

--- Smallest relative change that a sign test at level alpha finds in these rounds four times of
-- five; infinite when there are too few rounds to find any.
-- The noise is taken from the rounds themselves, symmetric around their median.
-- @param logs array of paired log ratios
-- @number alpha level of the test, already divided by the number of cases where that applies
-- @treturn number for example 0.03: a change of 3 %
function mde.of(logs, alpha)
  local rank = sign.rank(#logs, alpha)
  if rank == 0 then return math.huge end
  local median, distances = order.median(logs), {}
  for i, value in ipairs(logs) do distances[i] = math.abs(value - median) end
  table.sort(distances)
  -- Of a symmetric noise, the share p lies below the (2p - 1) quantile of its absolute value.
  local share = 2 * needed_probability(#logs, rank) - 1
  return math.exp(order.quantile(distances, share)) - 1
end

return mde
