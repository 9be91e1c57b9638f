-- Counts garbage collections: a sentinel whose finalizer makes the next one dies once per cycle.
-- In Lua's generational mode that is every collection, the young ones included.

local cycles = {}

local function new_sentinel(finalizer)
    if jit then
        local sentinel = newproxy(true)
        getmetatable(sentinel).__gc = finalizer
        return function() newproxy(sentinel) end
    end
    local class = { __gc = finalizer }
    return function() setmetatable({}, class) end
end

--- Starts counting.
-- @treturn function ends the counting and returns how many collections finished since
function cycles.count()
    local count, arm = 0, nil
    arm = new_sentinel(function()
        count = count + 1
        if arm then
            arm()
        end
    end)
    arm()
    -- That this function refers to `arm` also keeps LuaJIT's first sentinel, the pattern of the
    -- others, from being collected and counted itself.
    return function()
        arm = nil
        return count
    end
end

return cycles
