-- What a program looks like that was written with globals. Run by test_script.lua.
-- luacheck: read globals CreateHeap HEAP_REALLOC_IN_PLACE_ONLY
require "winheap".install(_G)

local gheap = CreateHeap()
local blob = gheap:Alloc(1024)
print("Blob IsValid:", blob:IsValid(), blob:Size())
local resized, message, code = blob:ReAlloc(2048, HEAP_REALLOC_IN_PLACE_ONLY)
assert(resized == true or (resized == nil and message and code == 8))
assert(blob:IsValid() and blob:Size() == (resized and 2048 or 1024))
blob = nil -- luacheck: ignore 311
collectgarbage()
print "done"
