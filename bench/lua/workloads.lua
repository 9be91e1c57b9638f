-- The table of workloads. A new one is its file in workloads/ and its line here.
--
-- A workload file returns
--   needs       the field of a strategy without which it makes no sense ("free", "realloc"), or nil
--   operations  { {size, number of operations}, ... }: fixed, so that memory figures compare;
--               every strategy does the same number
--   unit        function(size): operations come in multiples of this (default 1)
--   locals      function(size, scale): what the loop uses beyond the names below (default nothing)
--   prepare     function(locals): operations of the same loop before the clock starts (default 0)
--   loop        the measured source, once for all strategies. In it
--                 $alloc    declares the local `blob`, a new one of `size` bytes
--                 $touch    writes to the `size` bytes of `blob`, as the case's touch= says
--                 $realloc  makes `blob`, now of `previous` bytes, one of `size`
--                 $free     releases `blob` by hand, where a strategy can
--               `operations` is how many to do; `slot` is a table to keep a blob reachable in, so
--               that no compiler may drop the allocation and no pointer outlives its blob.
return {
    "drop",
    "explicit",
    "realloc",
    "live",
}
