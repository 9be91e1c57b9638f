--- The bars: what the engine `native` has to reach, against whom, in which cases.
--
-- Fields of a bar: `what`, in words; `cases`, WORKLOAD/PARAMS of the caller c; `strategy`, judged,
-- by default heap:native; `metric`. Then either limits of a ratio to others, of which the best in
-- each case counts: `peers` (strategies), `instead` (a piece of the case and what stands there in
-- the case of the peers, by default the same case), `mean` (limit of the geometric mean) and
-- `worst` (limit of each case). Or a limit of the figure itself: `most`, in the metric's unit. The
-- metric `instructions` comes from `heaplab instructions`, all others from a run.
-- @module heaplab.bar_table

-- mimalloc 2.0.9 with and without its heaps, jemalloc 5.3.0, gperftools' tcmalloc, glibc 2.36. The
-- adapters are shown in the report and are nobody's rivals.
local PEERS = { "malloc:mimalloc", "mi_heap:direct", "malloc:jemalloc", "malloc:tcmalloc",
  "malloc:glibc" }

local SELF = { "heap:native" }

local function pairs_and_batches()
  local cases = {}
  for _, size in ipairs { 16, 32, 64, 128, 256, 512, 1024, 2048, 4096 } do
    cases[#cases + 1] = "pair/size=" .. size
  end
  for _, order in ipairs { "lifo", "fifo", "random" } do
    for _, size in ipairs { 16, 64, 256, 1024, 4096 } do
      cases[#cases + 1] = ("batch/order=%s/size=%d"):format(order, size)
    end
  end
  return cases
end

local CHURN = { "churn/live=5000/max=5000" }

return {
  { what = "pairs and batches of 16 to 4096 B, to the best peer", cases = pairs_and_batches(),
    metric = "cpu_time", peers = PEERS, mean = 1.0, worst = 1.25 },
  { what = "pairs and batches of 16 to 4096 B, to mi_heap:direct", cases = pairs_and_batches(),
    metric = "cpu_time", peers = { "mi_heap:direct" }, mean = 0.8 },
  { what = "64 B pair, serialized", cases = { "pair/size=64" }, metric = "instructions",
    most = 55 },
  { what = "64 B pair, without a lock", cases = { "pair/size=64" }, metric = "instructions",
    strategy = "heap:native+no_serialize", most = 45 },
  { what = "4 KiB pair, serialized", cases = { "pair/size=4096" }, metric = "instructions",
    most = 80 },
  { what = "churn, to the best peer", cases = CHURN, metric = "cpu_time", peers = PEERS,
    mean = 1.0 },
  { what = "create and destroy a heap", cases = { "heap_cycle/n=0" }, metric = "cpu_time",
    most = 1000 },
  { what = "create, allocate once, destroy", cases = { "heap_cycle/n=1" }, metric = "cpu_time",
    most = 3000 },
  { what = "create and destroy with a fixed maximum, to mmap and munmap",
    cases = { "heap_cycle/n=0" }, metric = "cpu_time", strategy = "heap:native+max",
    peers = { "arena:mmap" }, mean = 1.2 },
  { what = "1000 heaps with three small blocks each: 64 KiB a heap",
    cases = { "heaps/live=1000/n=3" }, metric = "rss_end", most = 1000 * 65536 },
  { what = "destroy 10^6 blocks of 64 B, pages kept", cases = { "destroy/n=1000000/size=64" },
    metric = "cpu_time", strategy = "heap:native+keep", most = 100e3 },
  { what = "destroy 10^6 blocks of 64 B, pages returned, to one munmap",
    cases = { "destroy/n=1000000/size=64" }, metric = "cpu_time", strategy = "heap:native+return",
    peers = { "arena:mmap" }, mean = 1.0 },
  { what = "350,000 frees of 17 KiB: random order, to the order of birth",
    cases = { "free_order/order=random/count=350000/size=17408" }, metric = "cpu_time",
    peers = SELF, instead = { "order=random", "order=fifo" }, mean = 2.0 },
  { what = "two threads, to the best peer", cases = { "threads/place=own/threads=2",
    "threads/place=shared/threads=2", "threads/place=handoff/threads=2" },
    metric = "wall_time", peers = PEERS, worst = 1.0 },
  { what = "two threads with own heaps, to one: 1.8 times the throughput",
    cases = { "threads/place=own/threads=2" }, metric = "wall_time", peers = SELF,
    instead = { "threads=2", "threads=1" }, mean = 1 / 1.8 },
  { what = "churn, peak memory, to the best peer", cases = CHURN, metric = "peak_rss",
    peers = PEERS, mean = 1.05 },
  { what = "churn shrunk to a tenth and compacted, memory, to the best peer", cases = CHURN,
    metric = "rss_compacted", peers = PEERS, mean = 1.05 },
  { what = "doubling realloc to 1 GiB, to the best copying",
    cases = { "doubling/last=1073741824/by=realloc" }, metric = "cpu_time", peers = PEERS,
    instead = { "by=realloc", "by=copy" }, mean = 0.1 },
}
