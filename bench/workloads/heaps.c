/*
 * heaps: many heaps alive at once, each with a few small blocks in it.
 *
 * It stresses what a heap takes before it holds much: a program with a heap per connection or per
 * plug-in has many that are nearly empty. Creating them is timed, on memory nobody has used before;
 * heap_cycle says what a warm one costs. The first byte of each block is written. The number does
 * not say what address space the heaps have reserved.
 *
 * Parameters: live, heaps; n, blocks of 64 bytes in each.
 * Unit: one operation is one heap created, with its blocks; each heap once. No random numbers.
 * Counter: rss_end, bytes resident with all heaps alive.
 */
#include "workload.h"

#define SIZE 64
#define LIVE 1000
#define MOST 3

static strategy regions[LIVE];
static unsigned char *blocks[LIVE][MOST];
static size_t begun;

/* One more heap with n blocks; whether memory sufficed. */
static int begin(const strategy *s, size_t n) {
    if (!strategy_region_begin(s, &regions[begun]))
        return 0;
    size_t at = begun++;
    for (size_t i = 0; i < n; i++) {
        blocks[at][i] = strategy_alloc(&regions[at], SIZE);
        if (!blocks[at][i])
            return 0;
        *blocks[at][i] = 1;
    }
    gbench_use(blocks[at]);
    return 1;
}

static void run(gbench_state *state, void *data) {
    const workload_run *run = data;
    size_t n = (size_t)workload_number(run->which->params, "n");
    while (gbench_keep_running(state))
        if (!begin(run->strategy, n)) {
            gbench_skip(state, WORKLOAD_OUT_OF_MEMORY);
            return;
        }
    workload_count_resident(state, "rss_end");
}

static void teardown(gbench_state *state, void *data) {
    (void)state;
    size_t n = (size_t)workload_number(((const workload_run *)data)->which->params, "n");
    while (begun-- > 0)
        strategy_region_end(&regions[begun], (void **)blocks[begun], n);
    begun = 0;
}

static const workload_case cases[] = {{"live=1000/n=3", NIGHTLY, 0, LIVE}};

WORKLOAD(heaps, cases, STRATEGY_REGIONS, NULL, run, teardown);
