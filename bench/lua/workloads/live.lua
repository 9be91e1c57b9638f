-- live: a ring of 100,000 live blobs, of which each operation replaces the oldest. The ring is
-- filled before the clock starts.
--
-- Stresses a collector that must look at many handles that stay: its cost per cycle grows with the
-- ring, and so do finalizer tables and the allocator's working set. It does not say how pauses are
-- distributed, and blobs die in the order of their birth, which suits most allocators.
--
-- Parameters: size in bytes (64 KiB would need 6.5 GB and is left out); touch=none|page|all.
local LENGTH = 100000

return {
    operations = { { 64, 400000 }, { 1024, 400000 }, { 4096, 200000 } },
    locals = function(_, scale)
        local length = math.max(1, math.floor(LENGTH * scale))
        local ring = {}
        for index = 1, length do
            ring[index] = false
        end
        return { ring = ring, length = length }
    end,
    prepare = function(locals) return locals.length end,
    loop = [[
        for operation = 1, operations do
            $alloc
            ring[operation % length + 1] = blob
            $touch
        end
    ]],
}
