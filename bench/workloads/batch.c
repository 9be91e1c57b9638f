/*
 * batch: allocate 1000 blocks of one size, writing the first byte of each, then free them all.
 *
 * It stresses fresh blocks and free lists longer than a cache: memory is carved, and comes back in
 * an order that is kind (lifo: newest first; fifo: oldest first) or not (random) to the allocator's
 * lists and to the cache. The number does not say what mixed sizes do, and after the first pass the
 * memory is warm.
 *
 * Parameters: order of the frees, lifo, fifo or random; size, bytes of each block, 16 to 16384.
 * Unit: one operation is one allocation and one free; a pass is 1000 operations.
 * Seed: WORKLOAD_SEED draws the permutation for random, before the clock starts.
 */
#include "workload.h"

#define LIVE 1000

static unsigned char *blocks[LIVE];
static uint32_t order[LIVE]; /* the index freed first, second, … */

static void setup(gbench_state *state, void *data) {
    (void)state;
    workload_order(((const workload_run *)data)->which->params, order, LIVE);
}

/* Fills `blocks`; when memory runs out, frees what it got. */
static int allocate_all(const strategy *s, size_t size) {
    for (size_t i = 0; i < LIVE; i++) {
        blocks[i] = strategy_alloc(s, size);
        if (!blocks[i]) {
            while (i > 0)
                strategy_free(s, blocks[--i]);
            return 0;
        }
        *blocks[i] = 1;
    }
    return 1;
}

static void run(gbench_state *state, void *data) {
    const strategy *s = ((const workload_run *)data)->strategy;
    size_t size = (size_t)workload_number(((const workload_run *)data)->which->params, "size");
    while (gbench_keep_running_batch(state, LIVE)) {
        if (!allocate_all(s, size)) {
            gbench_skip(state, WORKLOAD_OUT_OF_MEMORY);
            return;
        }
        gbench_use(blocks);
        for (size_t i = 0; i < LIVE; i++)
            strategy_free(s, blocks[order[i]]);
    }
}

static const workload_case cases[] = {
    {"order=lifo/size=16", NIGHTLY, 0, 0},     {"order=lifo/size=64", QUICK, 0, 0},
    {"order=lifo/size=256", NIGHTLY, 0, 0},    {"order=lifo/size=1024", QUICK, 0, 0},
    {"order=lifo/size=4096", NIGHTLY, 0, 0},   {"order=lifo/size=16384", NIGHTLY, 0, 0},
    {"order=fifo/size=16", NIGHTLY, 0, 0},     {"order=fifo/size=64", QUICK, 0, 0},
    {"order=fifo/size=256", NIGHTLY, 0, 0},    {"order=fifo/size=1024", QUICK, 0, 0},
    {"order=fifo/size=4096", NIGHTLY, 0, 0},   {"order=fifo/size=16384", NIGHTLY, 0, 0},
    {"order=random/size=16", NIGHTLY, 0, 0},   {"order=random/size=64", SMOKE, 0, 0},
    {"order=random/size=256", NIGHTLY, 0, 0},  {"order=random/size=1024", QUICK, 0, 0},
    {"order=random/size=4096", NIGHTLY, 0, 0}, {"order=random/size=16384", NIGHTLY, 0, 0},
};

WORKLOAD(batch, cases, STRATEGY_FREE, setup, run, NULL);
