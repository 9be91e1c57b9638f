/*
 * heap_cycle: create a heap, allocate n blocks of 64 bytes from it, destroy it with the blocks in
 * it.
 *
 * It stresses what private heaps are for: a request's, a frame's or a plug-in's memory that goes in
 * one sweep. A heap pays for creating and destroying; malloc, which has no heaps, allocates the n
 * blocks and frees them one by one, and wins where n is small. The first byte of each block is
 * written. The number does not say what a heap costs while it lives, nor what destroying a heap
 * with large blocks costs.
 *
 * Parameters: n, blocks per heap: 0 (strategies with heaps only), 1, 3, 100, 10000.
 * Unit: one operation is one whole cycle. No random numbers.
 */
#include "workload.h"

#define SIZE 64
#define MOST 10000

static unsigned char *blocks[MOST];

/* One cycle; whether memory sufficed. */
static inline int cycle(const strategy *s, size_t n) {
    strategy region;
    if (!strategy_region_begin(s, &region))
        return 0;
    size_t got = 0;
    for (; got < n; got++) {
        blocks[got] = strategy_alloc(&region, SIZE);
        if (!blocks[got])
            break;
        *blocks[got] = 1;
    }
    gbench_use(blocks);
    strategy_region_end(&region, (void **)blocks, got);
    return got == n;
}

static void run(gbench_state *state, void *data) {
    const strategy *s = ((const workload_run *)data)->strategy;
    size_t n = (size_t)workload_number(((const workload_run *)data)->which->params, "n");
    while (gbench_keep_running(state))
        if (!cycle(s, n)) {
            gbench_skip(state, WORKLOAD_OUT_OF_MEMORY);
            return;
        }
}

static const workload_case cases[] = {
    {"n=0", NIGHTLY, STRATEGY_REGIONS, 0},
    {"n=1", NIGHTLY, 0, 0},
    {"n=3", NIGHTLY, 0, 0},
    {"n=100", QUICK, 0, 0},
    {"n=10000", NIGHTLY, 0, 0},
};

WORKLOAD(heap_cycle, cases, 0, NULL, run, NULL);
