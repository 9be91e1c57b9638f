-- explicit: allocate and release by hand, the handle being one that the collector would have
-- released as well. One blob stays alive throughout, so that no allocator gives its last page of
-- the size back each time.
--
-- Stresses the shortest path through a binding and what disarming a finalizer costs. It does not
-- say what the collector pays for the dead handles beyond these operations, and one block that is
-- taken and given back stays in the cache: real programs are slower in all strategies.
--
-- Parameters: size in bytes; touch=none|page|all.
return {
    needs = "free",
    operations = { { 64, 200000 }, { 1024, 200000 }, { 65536, 50000 } },
    loop = [[
        $alloc
        local first = blob
        for _ = 1, operations do
            $alloc
            slot[1] = blob
            $touch
            $free
        end
        slot[1] = first
        slot[1] = nil
    ]],
}
