-- The C library's allocator through LuaJIT's FFI. With a preloaded allocator it is that one.

local ffi = require "ffi"

ffi.cdef [[
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *pointer, size_t size);
void free(void *pointer);
]]

return ffi.C
