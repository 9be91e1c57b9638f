--- Order statistics: median and quantiles.
-- @module heaplab.stats.order

local order = {}

--- A sorted copy of an array of numbers.
function order.sorted(values)
  local copy = {}
  for i = 1, #values do copy[i] = values[i] end
  table.sort(copy)
  return copy
end

--- The quantile of a sorted, non-empty array, linear between neighbours (R's type 7).
-- @param sorted array as @{sorted} returns it
-- @number p 0 to 1
function order.quantile(sorted, p)
  local position = 1 + (#sorted - 1) * p
  local below = math.floor(position)
  local above = math.min(below + 1, #sorted)
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below)
end

--- The median of a non-empty array.
function order.median(values)
  return order.quantile(order.sorted(values), 0.5)
end

return order
