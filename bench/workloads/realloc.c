/*
 * realloc: one block grows by half its size, again and again, from 16 bytes to 1 MiB, then is
 * freed.
 *
 * It stresses growing: size-class changes while small, copying or remapping while large. The last
 * byte of each new size is written, nothing else, so what is copied is mostly what an earlier copy
 * wrote. The number does not say what many growing blocks do to each other: here the space behind
 * the block tends to be free.
 *
 * Parameters: place=move, where the allocator decides whether the block moves; place=inplace, where
 * growing in place is asked for first, and the block may move only when that was refused (heap
 * strategies only: malloc has no such request).
 * It runs alone in its process: what a growth costs depends on what the process freed before (glibc
 * raises its mmap threshold with each large free), which in a shared process is the other cases.
 * Unit: one operation is one whole growth: an allocation, 28 reallocations, a free; 1000 of them,
 * the first ones, which fault the pages in, included. No random numbers.
 */
#include "workload.h"

#define FIRST 16u
#define LAST (1u << 20)
#define OPERATIONS 1000

typedef void *(*grow_function)(const strategy *, void *, size_t);

#ifdef STRATEGY_CAN_GROW_IN_PLACE
static inline void *grow_in_place(const strategy *s, void *block, size_t size) {
    void *same = strategy_realloc_in_place(s, block, size);
    return same ? same : strategy_realloc(s, block, size);
}
#endif

/* One growth, inlined with either way of growing; whether memory sufficed. */
static inline __attribute__((always_inline)) int grow_once(const strategy *s, grow_function grow) {
    unsigned char *block = strategy_alloc(s, FIRST);
    for (size_t size = FIRST; block && size < LAST;) {
        size = size + size / 2 < LAST ? size + size / 2 : LAST;
        unsigned char *grown = grow(s, block, size);
        if (!grown)
            strategy_free(s, block);
        else
            grown[size - 1] = 1;
        block = grown;
    }
    if (!block)
        return 0;
    gbench_use(block);
    strategy_free(s, block);
    return 1;
}

static inline __attribute__((always_inline)) void measure(gbench_state *state, const strategy *s,
                                                          grow_function grow) {
    while (gbench_keep_running(state))
        if (!grow_once(s, grow)) {
            gbench_skip(state, WORKLOAD_OUT_OF_MEMORY);
            return;
        }
}

static void run(gbench_state *state, void *data) {
    const workload_run *run = data;
#ifdef STRATEGY_CAN_GROW_IN_PLACE
    if (workload_is(run->which->params, "place", "inplace")) {
        measure(state, run->strategy, grow_in_place);
        return;
    }
#endif
    measure(state, run->strategy, strategy_realloc);
}

static const workload_case cases[] = {
    {"place=move", SMOKE, 0, OPERATIONS},
    {"place=inplace", QUICK, STRATEGY_IN_PLACE, OPERATIONS},
};

WORKLOAD(realloc, cases, STRATEGY_FREE, NULL, run, NULL);
