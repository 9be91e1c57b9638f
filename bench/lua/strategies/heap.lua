-- heap:ENGINE: this project's binding over an engine, alone and with each option of a heap.
--
-- A release gives the block back to its heap; whether pages go back to the system is the engine's
-- affair. +zero_memory clears each new block; +max is a heap that may not grow beyond 2 GiB, more
-- than any case needs, so that the bookkeeping of the limit is measured and not its effect.

local MAXIMUM = 2 * 1024 * 1024 * 1024

local function load_binding(engine)
    local winheap = require "winheap"
    winheap.use(engine)
    return winheap, winheap.engine()
end

local function strategy(name, option, maximum)
    return {
        name = name,
        needs = "engine",
        alloc = "heap:Alloc(size)",
        pointer = "blob.Data",
        free = "blob:Free()",
        realloc = "if not blob:ReAlloc(size) then out_of_memory(size) end",
        load = load_binding,
        open = function(winheap)
            local options = option and winheap[option] or 0
            return { heap = assert(winheap.CreateHeap(0, maximum or 0, options)) }
        end,
    }
end

return {
    strategy("heap:ENGINE"),
    strategy("heap:ENGINE+no_serialize", "HEAP_NO_SERIALIZE"),
    strategy("heap:ENGINE+zero_memory", "HEAP_ZERO_MEMORY"),
    strategy("heap:ENGINE+max", nil, MAXIMUM),
}
