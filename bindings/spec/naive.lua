-- The obvious port, with its fault: a blob is a pointer and its heap's handle, and the heap's
-- finalizer destroys the native heap though blobs may come after it. What the tests of finalization
-- orders must catch.
local vm = require "vm"
local winheap = require "winheap"

local raw = winheap.raw
local naive = {}

local Blob = {}
Blob.__index = Blob

function Blob:ReAlloc(size)
    self.data = raw.HeapReAlloc(self.handle, 0, self.data, size)
end

local Heap = {}
Heap.__index = Heap

function Heap:Alloc(size)
    local blob = setmetatable({ handle = self.handle, data = raw.HeapAlloc(self.handle, 0, size) },
        Blob)
    self.blobs[#self.blobs + 1] = blob
    blob.guard = vm.finalizer({}, function() raw.HeapFree(blob.handle, 0, blob.data) end)
    -- The heap's finalizer is set after the blob's, so that it runs before it.
    self.guard = self.guard or {}
    self.guard[1] = vm.finalizer({}, function()
        if not self.gone then
            self.gone = true
            raw.HeapDestroy(self.handle)
        end
    end)
    return blob
end

function naive.CreateHeap()
    return setmetatable({ handle = raw.HeapCreate(0, 0, 0), blobs = {} }, Heap)
end

return naive
