-- drop: allocate, forget, and let the collector release. Two full collections end the timed region,
-- so that each release is paid for; with them, the operations fill at least five cycles.
--
-- Stresses what a collected handle costs over its whole life: creation, finalizer or its
-- replacement, release, and how much dead memory piles up meanwhile. It does not say what a program
-- with much other live data pays per cycle (see live), nor what a collector costs that is idle.
--
-- Parameters: size in bytes; touch=none|page|all.
return {
    operations = { { 64, 120000 }, { 1024, 60000 }, { 65536, 24000 } },
    loop = [[
        for _ = 1, operations do
            $alloc
            slot[1] = blob
            $touch
        end
        slot[1] = nil
    ]],
}
