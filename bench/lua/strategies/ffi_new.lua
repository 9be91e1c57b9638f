-- ffi.new: a byte array that is itself a Lua object: LuaJIT's own allocator, its own sweep, no
-- finalizer.
--
-- New memory is cleared. There is no release by hand, and to grow is to copy into a new array.

local ffi = require "ffi"

local function open()
    local new, copy, bytes = ffi.new, ffi.copy, ffi.typeof("uint8_t[?]")
    local function grow(blob, previous, size)
        local larger = new(bytes, size)
        copy(larger, blob, previous)
        return larger
    end
    return { new = new, bytes = bytes, grow = grow }
end

return {
    {
        name = "ffi.new",
        alloc = "new(bytes, size)",
        pointer = "blob",
        realloc = "blob = grow(blob, previous, size)",
        open = open,
    },
}
