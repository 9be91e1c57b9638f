/*
 * destroy: fill a heap with n small blocks, then destroy it with the blocks in it; only the
 * destroying is timed.
 *
 * It stresses how much of a heap is looked at when it goes: nothing but its pages, or every block.
 * malloc, which has no heaps, frees the blocks one by one in the order of their birth. The first
 * byte of each block is written. What the destroying left resident is reported, since a release is
 * quick when the pages are only kept for the next heap: read time and memory together. The number
 * does not say what filling costs, nor what it is worth to the next heap to find the pages warm.
 *
 * Parameters: n, blocks in the heap; size, bytes of each.
 * Unit: one operation is one destroyed heap. No random numbers.
 * Counter: rss_end, bytes resident after the last one.
 */
#include "workload.h"

#define MOST 1000000
#define OPERATIONS 5

static unsigned char *blocks[MOST];

/* Allocates up to n blocks; how many it got. */
static size_t fill(const strategy *region, size_t n, size_t size) {
    for (size_t i = 0; i < n; i++) {
        blocks[i] = strategy_alloc(region, size);
        if (!blocks[i])
            return i;
        *blocks[i] = 1;
    }
    return n;
}

static void run(gbench_state *state, void *data) {
    const workload_run *run = data;
    size_t n = (size_t)workload_number(run->which->params, "n");
    size_t size = (size_t)workload_number(run->which->params, "size");
    while (gbench_keep_running(state)) {
        strategy region;
        gbench_pause(state);
        int begun = strategy_region_begin(run->strategy, &region);
        size_t got = begun ? fill(&region, n, size) : 0;
        gbench_use(blocks);
        gbench_resume(state);
        if (begun)
            strategy_region_end(&region, (void **)blocks, got);
        if (got < n) {
            gbench_skip(state, WORKLOAD_OUT_OF_MEMORY);
            return;
        }
    }
    workload_count_resident(state, "rss_end");
}

static const workload_case cases[] = {
    {"n=100000/size=64", NIGHTLY, 0, OPERATIONS},
    {"n=1000000/size=64", NIGHTLY, 0, OPERATIONS},
};

WORKLOAD(destroy, cases, 0, NULL, run, NULL);
