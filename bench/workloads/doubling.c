/*
 * doubling: one block grows from 4 KiB to its last size, twice as large each time, with data in
 * every page; only the growing is timed.
 *
 * It stresses the realloc of large blocks: moving the pages, or copying what is in them. by=copy is
 * what a program does that has no realloc: it gets a second block, copies, and frees the first.
 * Between two growths, off the clock, one byte of each new page is written, so that there is always
 * a whole block to move. The number does not say what small blocks cost (realloc does), nor what
 * the pages cost that the program writes to itself.
 *
 * Parameters: last, bytes of the last size, a power of two; by, realloc or copy.
 * Unit: one operation is all growths of one block. No random numbers.
 */
#include "workload.h"

#include <string.h>

#define FIRST 4096u
#define PAGE 4096u
#define OPERATIONS 5

static void touch(unsigned char *block, size_t from, size_t to) {
    for (size_t i = from; i < to; i += PAGE)
        block[i] = 1;
    gbench_use(block);
}

/* The block with twice its size; NULL when memory is out: the old one is alive then. */
static unsigned char *grow(const strategy *s, unsigned char *block, size_t size, int copies) {
    if (!copies)
        return strategy_realloc(s, block, 2 * size);
    unsigned char *grown = strategy_alloc(s, 2 * size);
    if (grown) {
        memcpy(grown, block, size);
        strategy_free(s, block);
    }
    return grown;
}

/* All growths, with the clock stopped before and after; whether memory sufficed. */
static int grow_all(gbench_state *state, const strategy *s, size_t last, int copies) {
    unsigned char *block = strategy_alloc(s, FIRST);
    size_t size = FIRST, touched = 0;
    while (block && size < last) {
        touch(block, touched, size);
        touched = size;
        gbench_resume(state);
        unsigned char *grown = grow(s, block, size, copies);
        gbench_pause(state);
        if (!grown)
            break;
        block = grown;
        size *= 2;
    }
    strategy_free(s, block);
    return size == last;
}

static void run(gbench_state *state, void *data) {
    const workload_run *run = data;
    size_t last = (size_t)workload_number(run->which->params, "last");
    int copies = workload_is(run->which->params, "by", "copy");
    while (gbench_keep_running(state)) {
        gbench_pause(state);
        int complete = grow_all(state, run->strategy, last, copies);
        gbench_resume(state);
        if (!complete) {
            gbench_skip(state, WORKLOAD_OUT_OF_MEMORY);
            return;
        }
    }
}

static const workload_case cases[] = {
    {"last=16777216/by=realloc", NIGHTLY, 0, OPERATIONS},
    {"last=16777216/by=copy", NIGHTLY, 0, OPERATIONS},
    {"last=1073741824/by=realloc", FULL, 0, 1},
    {"last=1073741824/by=copy", FULL, 0, 1},
};

WORKLOAD(doubling, cases, STRATEGY_FREE | STRATEGY_MEMORY | STRATEGY_UNLIMITED, NULL, run, NULL);
