--- Holm's correction: keeps the chance of any false alarm in a family of tests below alpha.
-- @module heaplab.stats.holm

local holm = {}

--- Adjusted p values, in the order given: a test is significant when its own is <= alpha.
-- @param p array of p values
function holm.adjust(p)
  local by_size, adjusted, largest = {}, {}, 0
  for i = 1, #p do by_size[i] = i end
  table.sort(by_size, function(a, b) return p[a] < p[b] end)
  for place, i in ipairs(by_size) do
    largest = math.max(largest, math.min(1, p[i] * (#p - place + 1)))
    adjusted[i] = largest
  end
  return adjusted
end

--- Whether n rounds can make even the most extreme sign test significant among m cases at once.
function holm.applies(n, m, alpha)
  return 2 * 0.5 ^ n <= alpha / m
end

return holm
