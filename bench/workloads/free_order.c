/*
 * free_order: allocate many blocks that are too large for a size class of most allocators, then
 * free them all; only the freeing is timed.
 *
 * It stresses what finds a block's neighbours and its place: with the blocks in the order of their
 * birth, what one free looked at is near what the next one needs; in random order nothing is, and
 * where a free searches, the time per block grows with the number of blocks. No block is written,
 * so what becomes resident are the allocators' own notes, in 6 GB of address space. The number
 * does not say what freeing written memory costs, nor what happens when some blocks stay.
 *
 * Parameters: order of the frees, fifo or random; count, blocks; size, bytes of each.
 * Unit: one operation is one free; each block once.
 * Seed: WORKLOAD_SEED draws the permutation for random, before the clock starts.
 */
#include "workload.h"

#define MOST 350000
#define FEWER 35000

static unsigned char *blocks[MOST];
static uint32_t order[MOST]; /* the index freed first, second, … */

static void setup(gbench_state *state, void *data) {
    (void)state;
    const char *params = ((const workload_run *)data)->which->params;
    workload_order(params, order, (size_t)workload_number(params, "count"));
}

/* Allocates all blocks; whether memory sufficed. What it got is freed by the caller all the same.
 */
static int allocate_all(const strategy *s, size_t count, size_t size) {
    int complete = 1;
    for (size_t i = 0; i < count; i++) {
        blocks[i] = complete ? strategy_alloc(s, size) : NULL;
        complete = blocks[i] != NULL;
    }
    return complete;
}

static void run(gbench_state *state, void *data) {
    const workload_run *run = data;
    size_t count = (size_t)workload_number(run->which->params, "count");
    size_t size = (size_t)workload_number(run->which->params, "size");
    while (gbench_keep_running_batch(state, (int64_t)count)) {
        gbench_pause(state);
        int complete = allocate_all(run->strategy, count, size);
        gbench_use(blocks);
        gbench_resume(state);
        for (size_t i = 0; i < count; i++)
            strategy_free(run->strategy, blocks[order[i]]);
        if (!complete) {
            gbench_skip(state, WORKLOAD_OUT_OF_MEMORY);
            return;
        }
    }
}

static const workload_case cases[] = {
    {"order=fifo/count=35000/size=17408", NIGHTLY, 0, FEWER},
    {"order=random/count=35000/size=17408", NIGHTLY, 0, FEWER},
    {"order=fifo/count=350000/size=17408", FULL, 0, MOST},
    {"order=random/count=350000/size=17408", FULL, 0, MOST},
};

WORKLOAD(free_order, cases, STRATEGY_FREE | STRATEGY_UNLIMITED, setup, run, NULL);
