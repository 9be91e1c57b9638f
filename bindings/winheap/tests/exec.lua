-- Code in a block, called from LuaJIT: luajit exec.lua ENGINE [OPTIONS]. OPTIONS are HeapCreate's,
-- by default those of a heap that may hold code; without them the call has to end the process.
local ffi = require "ffi"

ffi.cdef [[
void *HeapCreate(uint32_t options, size_t initial, size_t max);
void *HeapAlloc(void *heap, uint32_t flags, size_t size);
int HeapFree(void *heap, uint32_t flags, void *block);
int HeapDestroy(void *heap);
]]

local CREATE_ENABLE_EXECUTE = 0x00040000

local ADD = "\x89\xF8\x01\xF0\xC3" -- mov eax, edi; add eax, esi; ret

local engine = ffi.load(arg[1])
local heap = engine.HeapCreate(tonumber(arg[2]) or CREATE_ENABLE_EXECUTE, 0, 0)
assert(heap ~= nil, "HeapCreate")

for size = 64, 2 * 1024 * 1024, 40000 do -- a small block, runs, large blocks
  local block = engine.HeapAlloc(heap, 0, size)
  assert(block ~= nil, "HeapAlloc")
  ffi.copy(block, ADD, #ADD)
  local add = ffi.cast("int (*)(int, int)", block)
  for i = 1, 100 do -- often enough for a trace
    assert(add(i, size) == i + size, "the code's result")
  end
  assert(engine.HeapFree(heap, 0, block) ~= 0, "HeapFree")
end
assert(engine.HeapDestroy(heap) ~= 0, "HeapDestroy")
print("code was called in each kind of block")
