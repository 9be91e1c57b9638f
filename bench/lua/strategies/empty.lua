-- nop and floor: what is left when the memory, or the memory and the handle, are taken away.
--
-- nop is the loop itself over one static buffer. floor makes a handle of two words for each
-- operation and has no memory behind it: no strategy that hands out an object can cost less.

local function scratch()
    local data = require("heaplab_userdata").scratch
    return jit and require("ffi").cast("void *", data) or data
end

local function open_floor()
    if not jit then
        return { floor = require("heaplab_userdata").floor, scratch = scratch() }
    end
    local handle = require("ffi").typeof("struct { void *Data; size_t Size; }")
    return { handle = handle, scratch = scratch() }
end

return {
    {
        name = "nop",
        alloc = "scratch",
        pointer = "blob",
        free = "",
        realloc = "",
        open = function() return { scratch = scratch() } end,
    },
    {
        name = "floor",
        alloc = jit and "handle(scratch, size)" or "floor(size)",
        pointer = jit and "blob.Data" or "scratch",
        free = "",
        realloc = "",
        open = open_floor,
    },
}
