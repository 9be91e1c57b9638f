/*
 * churn: 5000 live blocks of 1 to 5000 bytes; again and again one of them, at random, is freed and
 * replaced by a block of another random size.
 *
 * It stresses what a long-running program does to an allocator: mixed sizes, random lifetimes, a
 * working set of about 12 MB that no cache holds, holes that must be found again. It runs alone in
 * its process with a fixed number of operations, so its peak memory is comparable: the live bytes
 * are the same for all, what lies above is overhead and fragmentation. Each new block is written at
 * its first byte, at every 4096th and at its last, so that every page it spans is resident. The
 * number does not say what happens over hours, or with threads.
 *
 * When the clock has stopped, all blocks but every tenth are freed, and what is resident is
 * counted: before and after the strategy was asked to give unused memory back.
 *
 * Parameters: live, blocks alive; max, bytes of the largest.
 * Unit: one operation is one free and one allocation; 400,000 operations after the first fill.
 * Seed: WORKLOAD_SEED fills the table of 65,536 steps before the clock starts; it is replayed
 * cyclically.
 * Counters: rss_end, bytes resident with a tenth of the blocks; rss_compacted, the same after the
 * strategy gave memory back, absent where it has no call for that.
 */
#include "workload.h"

#define LIVE 5000
#define MAX_SIZE 5000
#define STEPS 65536
#define OPERATIONS 400000

typedef struct step {
    uint16_t slot, size;
} step;

static unsigned char *blocks[LIVE];
static step steps[STEPS];

static unsigned char *allocate_touched(const strategy *s, size_t size) {
    unsigned char *block = strategy_alloc(s, size);
    if (!block)
        return NULL;
    for (size_t i = 0; i < size; i += 4096)
        block[i] = 1;
    block[size - 1] = 1;
    return block;
}

static void draw_steps(void) {
    uint64_t seed = WORKLOAD_SEED;
    for (size_t i = 0; i < STEPS; i++) {
        steps[i].slot = (uint16_t)(workload_random(&seed) % LIVE);
        steps[i].size = (uint16_t)(1 + workload_random(&seed) % MAX_SIZE);
    }
}

static void setup(gbench_state *state, void *data) {
    const strategy *s = ((const workload_run *)data)->strategy;
    draw_steps();
    for (size_t i = 0; i < LIVE; i++) {
        blocks[i] = allocate_touched(s, steps[i].size);
        if (!blocks[i])
            gbench_skip(state, WORKLOAD_OUT_OF_MEMORY);
    }
}

static void shrink(gbench_state *state, const strategy *s) {
    for (size_t i = 0; i < LIVE; i++)
        if (i % 10 != 0) {
            strategy_free(s, blocks[i]);
            blocks[i] = NULL;
        }
    workload_count_resident(state, "rss_end");
    if (strategy_compact(s))
        workload_count_resident(state, "rss_compacted");
}

static void run(gbench_state *state, void *data) {
    const strategy *s = ((const workload_run *)data)->strategy;
    size_t next = 0;
    while (gbench_keep_running(state)) {
        step now = steps[next++ % STEPS];
        strategy_free(s, blocks[now.slot]);
        blocks[now.slot] = allocate_touched(s, now.size);
        if (!blocks[now.slot]) {
            gbench_skip(state, WORKLOAD_OUT_OF_MEMORY);
            return;
        }
        gbench_use(blocks[now.slot]);
    }
    shrink(state, s);
}

static void teardown(gbench_state *state, void *data) {
    (void)state;
    for (size_t i = 0; i < LIVE; i++)
        strategy_free(((const workload_run *)data)->strategy, blocks[i]);
}

static const workload_case cases[] = {{"live=5000/max=5000", SMOKE, 0, OPERATIONS}};

WORKLOAD(churn, cases, STRATEGY_FREE, setup, run, teardown);
