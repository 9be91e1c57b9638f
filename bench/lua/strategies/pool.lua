-- pool:malloc: a free list in Lua over malloc, for programs whose blobs have one size.
--
-- A release, by hand or by the finalizer, puts handle and memory back on the list, uncleared; it is
-- never a free(), so the pool keeps what its worst moment needed. Resizing is not what a pool does.

-- create(size), a new handle, unarmed, or nil; and arm(handle, finalizer), which also arms one that
-- was finalized.
local function handles()
    if jit then
        local ffi, libc = require "ffi", require "child.libc"
        local function create(size)
            local pointer = libc.malloc(size)
            return pointer ~= nil and pointer or nil
        end
        return create, ffi.gc
    end
    local malloc = require("heaplab_userdata").raw_malloc
    local class = {}
    local function arm(handle, finalizer)
        class.__gc = finalizer
        return setmetatable(handle, class)
    end
    return function(size) return { Data = malloc(size) } end, arm
end

local function open()
    local create, arm = handles()
    local free, count = {}, 0
    local function put(handle)
        count = count + 1
        free[count] = handle
    end
    local function recycle(handle)
        put(arm(handle, recycle))
    end
    local function take(size)
        if count == 0 then
            local handle = create(size)
            return handle and arm(handle, recycle)
        end
        local handle = free[count]
        free[count] = nil
        count = count - 1
        return handle
    end
    return { take = take, put = put }
end

return {
    {
        name = "pool:malloc",
        alloc = "take(size)",
        pointer = jit and "blob" or "blob.Data",
        free = "put(blob)",
        open = open,
    },
}
