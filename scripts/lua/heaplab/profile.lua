--- The profiles of a run: how many rounds, how long each case's slice, what is included.
-- @module heaplab.profile

local profile = {}

--- Names from the smallest to the largest; each includes the cases of those before it.
profile.NAMES = { "smoke", "quick", "nightly", "full" }

-- A slice is about 20 ms: the search for the number of iterations, then repetitions × 1.4 ×
-- min_time, for google-benchmark aims at that much. Fifteen rounds are what an exact sign test
-- needs under Holm's correction over some hundred cases.
local settings = {
  smoke = { rounds = 3, repetitions = 1, min_time = 0.002 },
  quick = { rounds = 15, repetitions = 3, min_time = 0.004 },
  nightly = { rounds = 18, repetitions = 3, min_time = 0.007 },
  full = { rounds = 30, repetitions = 5, min_time = 0.01 },
}

local rank = {}
for i, name in ipairs(profile.NAMES) do rank[name] = i end

--- The settings of a profile: `name`, `rounds`, `repetitions`, `min_time` (seconds); nil for an
-- unknown name.
function profile.get(name)
  local values = settings[name]
  if not values then return nil end
  return { name = name, rounds = values.rounds, repetitions = values.repetitions,
    min_time = values.min_time }
end

--- The larger of two profiles.
function profile.larger(a, b)
  return rank[a] > rank[b] and a or b
end

--- Whether a profile includes what is marked with the smallest profile that has it.
function profile.includes(name, smallest)
  return rank[smallest] ~= nil and rank[smallest] <= rank[name]
end

return profile
