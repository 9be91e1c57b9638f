--- A seedable random generator (PCG32, O'Neill 2014): the same seed gives the same order anywhere.
-- @module heaplab.rng

local bit = require "bit"

local rng = {}
rng.__index = rng

local MULTIPLIER, INCREMENT = 6364136223846793005ULL, 1442695040888963407ULL

--- A generator.
-- @number seed whole, 0 to 2^53
function rng.new(seed)
  local self = setmetatable({ state = 0ULL }, rng)
  self:next32()
  self.state = self.state + (0ULL + seed)
  self:next32()
  return self
end

--- A seed from the system's entropy, whole and below 2^32.
function rng.entropy()
  local file = assert(io.open("/dev/urandom", "rb"))
  local a, b, c, d = file:read(4):byte(1, 4)
  file:close()
  return ((a * 256 + b) * 256 + c) * 256 + d
end

--- The next number, 0 to 2^32 - 1.
function rng:next32()
  local old = self.state
  self.state = old * MULTIPLIER + INCREMENT
  local mixed = bit.rshift(bit.bxor(bit.rshift(old, 18), old), 27)
  local rotated = bit.ror(tonumber(bit.band(mixed, 0xffffffffULL)), tonumber(bit.rshift(old, 59)))
  return rotated % 2 ^ 32
end

--- A whole number from 1 to n, each equally likely.
function rng:below(n)
  local limit = 2 ^ 32 - 2 ^ 32 % n
  local value
  repeat value = self:next32() until value < limit
  return value % n + 1
end

--- Shuffles an array in place and returns it.
function rng:shuffle(array)
  for i = #array, 2, -1 do
    local j = self:below(i)
    array[i], array[j] = array[j], array[i]
  end
  return array
end

return rng
