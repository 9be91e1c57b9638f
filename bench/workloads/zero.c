/*
 * zero: allocate one block of zeros, read and then write its first and its last byte, free it.
 *
 * It stresses clearing: what the allocator knows to be zero already it need not clear, and what it
 * hands out again it must, for the block was written. One more block of the class stays alive, as
 * in pair. The number does not say what reading the rest of the block would cost; a large block may
 * consist of pages that nobody has touched yet.
 *
 * Parameters: size, bytes of each block, 16 to 262144.
 * Unit: one operation is one zeroed allocation and one free. No random numbers.
 * The run fails when a byte that was read is not zero; nop and floor have no memory to clear.
 */
#include "workload.h"

static void *companion;

static void setup(gbench_state *state, void *data) {
    const workload_run *run = data;
    companion = strategy_zalloc(run->strategy, (size_t)workload_number(run->which->params, "size"));
    if (!companion)
        gbench_skip(state, WORKLOAD_OUT_OF_MEMORY);
}

static void teardown(gbench_state *state, void *data) {
    (void)state;
    strategy_free(((const workload_run *)data)->strategy, companion);
}

static void run(gbench_state *state, void *data) {
    const strategy *s = ((const workload_run *)data)->strategy;
    size_t size = (size_t)workload_number(((const workload_run *)data)->which->params, "size");
    unsigned char seen = 0;
    for (int64_t n; (n = gbench_claim(state)) > 0;)
        for (; n > 0; n--) {
            unsigned char *block = strategy_zalloc(s, size);
            if (!block) {
                gbench_skip(state, WORKLOAD_OUT_OF_MEMORY);
                return;
            }
            seen |= block[0] | block[size - 1];
            block[0] = block[size - 1] = 1;
            gbench_use(block);
            strategy_free(s, block);
        }
    if (seen && (s->abilities & STRATEGY_MEMORY))
        gbench_skip(state, "a zeroed block held something else");
}

static const workload_case cases[] = {
    {"size=16", NIGHTLY, 0, 0},    {"size=64", QUICK, 0, 0},       {"size=256", NIGHTLY, 0, 0},
    {"size=1024", NIGHTLY, 0, 0},  {"size=4096", QUICK, 0, 0},     {"size=16384", NIGHTLY, 0, 0},
    {"size=65536", NIGHTLY, 0, 0}, {"size=262144", NIGHTLY, 0, 0},
};

WORKLOAD(zero, cases, STRATEGY_FREE, setup, run, teardown);
