--- The exact sign test: says whether paired differences lean to one side, and brackets their
-- median, without any assumption about their distribution.
-- @module heaplab.stats.sign

local sign = {}

--- P(X <= k) for X binomial with n trials of probability p, 0 < p < 1.
function sign.cumulative(k, n, p)
  local term, sum = (1 - p) ^ n, 0
  for i = 0, math.min(k, n) do
    sum = sum + term
    term = term * (n - i) / (i + 1) * p / (1 - p)
  end
  return math.min(sum, 1)
end

--- Two-sided p value of `positive` pluses among `total` non-zero differences.
function sign.p_value(positive, total)
  if total == 0 then return 1 end
  local fewer = math.min(positive, total - positive)
  return math.min(1, 2 * sign.cumulative(fewer, total, 0.5))
end

--- The rank k for which the k-th smallest and k-th largest of n values bracket their median with
-- confidence 1 - alpha; 0 when n values cannot.
function sign.rank(n, alpha)
  local rank = 0
  while rank < n / 2 and 2 * sign.cumulative(rank, n, 0.5) <= alpha do rank = rank + 1 end
  return rank
end

--- The bracket of the median of a sorted array, and the confidence that it really has.
-- With too few values for 1 - alpha it is their whole range, and its confidence says so.
-- @return low, high, confidence
function sign.interval(sorted, alpha)
  local n = #sorted
  local rank = math.max(sign.rank(n, alpha), 1)
  local confidence = math.max(0, 1 - 2 * sign.cumulative(rank - 1, n, 0.5))
  return sorted[rank], sorted[n + 1 - rank], confidence
end

return sign
