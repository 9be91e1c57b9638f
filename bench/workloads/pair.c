/*
 * pair: allocate one block, write its first byte, free it.
 *
 * It stresses the shortest path there is: a block of a warm size class that comes back at once. One
 * more block of the class stays alive, since on an empty class some allocators retire the page with
 * every free and would be measured retiring pages. The number does not say what a miss costs, what
 * many live blocks cost, or what memory is like to use beyond its first byte.
 *
 * Parameters: size, bytes of each block, powers of two from 16 to 65536.
 * Unit: one operation is one allocation and one free. No random numbers.
 */
#include "workload.h"

static void *companion;

static void setup(gbench_state *state, void *data) {
    const workload_run *run = data;
    companion = strategy_alloc(run->strategy, (size_t)workload_number(run->which->params, "size"));
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
    for (int64_t n; (n = gbench_claim(state)) > 0;)
        for (; n > 0; n--) {
            unsigned char *block = strategy_alloc(s, size);
            if (!block) {
                gbench_skip(state, WORKLOAD_OUT_OF_MEMORY);
                return;
            }
            *block = 1;
            gbench_use(block);
            strategy_free(s, block);
        }
}

static const workload_case cases[] = {
    {"size=16", QUICK, 0, 0},     {"size=32", NIGHTLY, 0, 0},   {"size=64", SMOKE, 0, 0},
    {"size=128", NIGHTLY, 0, 0},  {"size=256", QUICK, 0, 0},    {"size=512", NIGHTLY, 0, 0},
    {"size=1024", QUICK, 0, 0},   {"size=2048", NIGHTLY, 0, 0}, {"size=4096", QUICK, 0, 0},
    {"size=8192", NIGHTLY, 0, 0}, {"size=16384", QUICK, 0, 0},  {"size=32768", NIGHTLY, 0, 0},
    {"size=65536", QUICK, 0, 0},
};

WORKLOAD(pair, cases, STRATEGY_FREE, setup, run, teardown);
