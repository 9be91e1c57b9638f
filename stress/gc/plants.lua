-- Faults to be planted into the calls under test: each is one that a binding could have, and that
-- the harness must find.
local api = require "gc.api"
local winheap = require "winheap"

local plants = {}

local kept = {}

-- Every 200th call goes wrong.
local function sometimes()
    local calls = 0
    return function()
        calls = calls + 1
        return calls % 200 == 0
    end
end

-- A blob's block is freed while the blob is reachable: the next blob of its size gets it too.
function plants.early_free()
    local alloc, due = api.alloc, sometimes()
    function api.alloc(heap, bytes, flags)
        local blob, message, code = alloc(heap, bytes, flags)
        if blob and due() then
            winheap.raw.HeapFree(heap.Handle, 0, blob.Data)
        end
        return blob, message, code
    end
end

-- ReAlloc loses the last byte that it should have kept.
function plants.lost_byte()
    local realloc, due = api.realloc, sometimes()
    function api.realloc(blob, bytes, flags)
        local size = blob:Size()
        local done, message, code = realloc(blob, bytes, flags)
        local last = math.min(size, bytes) - 1
        if done and last >= 0 and due() then
            blob:Fill((blob:Read("B", last) + 1) % 256, 1, last)
        end
        return done, message, code
    end
end

-- Free leaves the blob alive.
function plants.late_free()
    local free, due = api.free, sometimes()
    function api.free(blob)
        return due() or free(blob)
    end
end

-- Destroy is forgotten, and the heap with it.
function plants.lost_heap()
    local destroy = api.destroy
    function api.destroy(heap)
        kept[#kept + 1] = heap:Alloc(1)
        return #kept == 1 or destroy(heap)
    end
end

-- A blob that nobody holds is never released.
function plants.leak()
    local alloc, due = api.alloc, sometimes()
    function api.alloc(heap, bytes, flags)
        local blob, message, code = alloc(heap, bytes, flags)
        if blob and due() then
            kept[#kept + 1] = blob
        end
        return blob, message, code
    end
end

return plants
