-- A random generator of its own, so that a seed gives the same operations on every VM: Lehmer's,
-- modulo 2^31 - 1, whose products are exact in a Lua number.
local MODULUS, MULTIPLIER = 2147483647, 48271

-- A function random(low, high) -> an integer in that range.
return function(seed)
    local state = seed % (MODULUS - 1) + 1
    return function(low, high)
        state = state * MULTIPLIER % MODULUS
        return low + state % (high - low + 1)
    end
end
