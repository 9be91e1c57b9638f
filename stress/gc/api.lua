-- The calls under test. The harness makes them through this table, so that a plant can put a
-- faulty one in the place of each.
local api = {}

function api.alloc(heap, bytes, flags)
    return heap:Alloc(bytes, flags)
end

function api.realloc(blob, bytes, flags)
    return blob:ReAlloc(bytes, flags)
end

function api.free(blob)
    return blob:Free()
end

function api.destroy(heap)
    return heap:Destroy()
end

return api
