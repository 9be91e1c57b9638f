-- luajit.lua LUA: what lua.lua does, and blocks of malloc's themselves, for LuaJIT's objects are
-- not: random reallocations, and blocks that finalizers free.
local ffi = require "ffi"

dofile(arg[1])

ffi.cdef [[
void *malloc(size_t size);
void *realloc(void *block, size_t size);
void free(void *block);
size_t malloc_usable_size(void *block);
]]

local blocks, sum = ffi.new("uint8_t *[1000]"), 0
for i = 1, 2000000 do
    local slot = i * 7919 % 1000
    local wanted = i * 31 % 3000 + 1
    blocks[slot] = ffi.C.realloc(blocks[slot], wanted)
    sum = (sum + blocks[slot][0] * (i > 100000 and 1 or 0)) % 65536
    blocks[slot][0], blocks[slot][wanted - 1] = i % 251, 1
    blocks[slot][0] = i % 251
end
for slot = 0, 999 do
    ffi.C.free(blocks[slot])
end
print(sum)

local held = 0
for i = 1, 300000 do
    local block = ffi.gc(ffi.C.malloc(i % 5000), ffi.C.free)
    held = held + (ffi.C.malloc_usable_size(block) >= i % 5000 and 1 or 0)
end
collectgarbage()
print(held)
