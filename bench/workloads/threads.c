/*
 * threads: two threads allocate and free at the same time, each from its own heap, both from one,
 * or one what the other frees.
 *
 * It stresses what threads share: a lock, lists of free blocks, cache lines, and the way of a block
 * back to the thread that it came from. place=own and place=shared: each thread has 256 live blocks
 * and replaces the oldest, again and again; malloc does the same in both, having no heaps.
 * place=handoff: one thread allocates and hands every block to the other through a ring of 1024
 * places, and the other frees it. With one thread the same loop runs alone: for handoff that
 * thread fills the ring, then empties it. The number does not say what more than two threads do,
 * nor what threads cost that come and go.
 *
 * The threads run on a CPU each, wherever the process was pinned. They start together, and the
 * clock stops when the last one has finished; heaps and first blocks are made before. Blocks are of
 * 16 to 1024 bytes and are written at their first byte.
 *
 * Parameters: place, own, shared or handoff; threads, 1 or 2.
 * Unit: one operation is one allocation and one free; the threads share 2^19 of them. Wall time per
 * operation is the reciprocal of the throughput of all threads together; CPU time is all threads'.
 * Seed: WORKLOAD_SEED draws the sizes before the clock starts.
 */
#define _GNU_SOURCE
#include "ring.h"
#include "workload.h"

#include <pthread.h>
#include <string.h>

#define LIVE 256
#define OPERATIONS (1 << 19)
#define SIZES 4096
#define SMALLEST 16
#define LARGEST 1024

typedef struct worker {
    const strategy *s;
    strategy heap;
    unsigned char *blocks[LIVE];
    size_t operations;
    int index, owns; /* the how manieth thread; whether it has a heap of its own */
    int begun, failed;
    void (*work)(struct worker *);
} worker;

static uint16_t sizes[SIZES];
static worker workers[2];
static ring handed_over;
static pthread_barrier_t gate;

/* ---- what a worker does ---- */

static unsigned char *allocate(worker *w, size_t step) {
    unsigned char *block = strategy_alloc(&w->heap, sizes[step % SIZES]);
    if (block)
        *block = 1;
    else
        w->failed = 1;
    return block;
}

static void replace(worker *w) {
    for (size_t i = 0; i < w->operations; i++) {
        strategy_free(&w->heap, w->blocks[i % LIVE]);
        w->blocks[i % LIVE] = allocate(w, i);
    }
}

static void produce(worker *w, size_t from, size_t count) {
    for (size_t i = from; i < from + count; i++)
        ring_push(&handed_over, allocate(w, i));
}

static void consume(worker *w, size_t count) {
    for (size_t i = 0; i < count; i++) {
        unsigned char *block = ring_pop(&handed_over);
        gbench_use(block);
        strategy_free(&w->heap, block);
    }
}

static void hand_over(worker *w) {
    if (w->index == 0)
        produce(w, 0, OPERATIONS);
    else
        consume(w, OPERATIONS);
}

static void fill_and_empty(worker *w) {
    for (size_t done = 0; done < OPERATIONS; done += RING_SIZE) {
        produce(w, done, RING_SIZE);
        consume(w, RING_SIZE);
    }
}

/* ---- before and after ---- */

/* Onto the CPU of this index, of all that the process may have; a single CPU serves both. */
static void pin(int index) {
    cpu_set_t all, one;
    memset(&all, 0xff, sizeof all);
    if (sched_setaffinity(0, sizeof all, &all) != 0 || sched_getaffinity(0, sizeof all, &all) != 0)
        return;
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && index-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            sched_setaffinity(0, sizeof one, &one);
        }
}

/* On the thread itself: with some strategies only the one that made a heap may allocate from it. */
static void prepare(worker *w) {
    pin(w->index);
    w->heap = *w->s;
    w->begun = w->owns && strategy_region_begin(w->s, &w->heap);
    w->failed = w->owns && !w->begun;
    for (size_t i = 0; i < LIVE && w->work == replace && !w->failed; i++)
        w->blocks[i] = allocate(w, i);
}

static void release(worker *w) {
    if (w->begun)
        strategy_region_end(&w->heap, (void **)w->blocks, LIVE);
    for (size_t i = 0; i < LIVE && !w->owns; i++)
        strategy_free(&w->heap, w->blocks[i]);
}

static void work(worker *w) {
    pthread_barrier_wait(&gate);
    if (!w->failed)
        w->work(w);
    pthread_barrier_wait(&gate);
}

static void *second(void *data) {
    prepare(data);
    pthread_barrier_wait(&gate);
    work(data);
    release(data);
    return NULL;
}

/* ---- the run ---- */

static void setup(gbench_state *state, void *data) {
    (void)state;
    const workload_run *run = data;
    const char *params = run->which->params;
    int count = (int)workload_number(params, "threads");
    int hands_over = workload_is(params, "place", "handoff");
    uint64_t seed = WORKLOAD_SEED;
    for (size_t i = 0; i < SIZES; i++)
        sizes[i] = (uint16_t)(SMALLEST + workload_random(&seed) % (LARGEST - SMALLEST + 1));
    for (int i = 0; i < count; i++)
        workers[i] = (worker){.s = run->strategy,
                              .operations = OPERATIONS / (size_t)count,
                              .index = i,
                              .owns = workload_is(params, "place", "own"),
                              .work = !hands_over ? replace
                                      : count > 1 ? hand_over
                                                  : fill_and_empty};
    pthread_barrier_init(&gate, NULL, (unsigned)count);
}

static void run_first(gbench_state *state) {
    prepare(&workers[0]);
    pthread_barrier_wait(&gate);
    while (gbench_keep_running_batch(state, OPERATIONS))
        work(&workers[0]);
    release(&workers[0]);
}

static void run(gbench_state *state, void *data) {
    pthread_t thread;
    int count = (int)workload_number(((const workload_run *)data)->which->params, "threads");
    if (count > 1 && pthread_create(&thread, NULL, second, &workers[1]) != 0) {
        gbench_skip(state, "no second thread can be started");
        return;
    }
    run_first(state);
    if (count > 1)
        pthread_join(thread, NULL);
    if (workers[0].failed || (count > 1 && workers[1].failed))
        gbench_skip(state, WORKLOAD_OUT_OF_MEMORY);
    gbench_items(state, OPERATIONS);
}

static void teardown(gbench_state *state, void *data) {
    (void)state;
    (void)data;
    pthread_barrier_destroy(&gate);
}

static const workload_case cases[] = {
    {"place=own/threads=1", NIGHTLY, 0, OPERATIONS},
    {"place=own/threads=2", NIGHTLY, 0, OPERATIONS},
    {"place=shared/threads=2", QUICK, STRATEGY_SHARED, OPERATIONS},
    {"place=handoff/threads=1", NIGHTLY, 0, OPERATIONS},
    {"place=handoff/threads=2", NIGHTLY, STRATEGY_REMOTE, OPERATIONS},
};

WORKLOAD(threads, cases, STRATEGY_FREE | STRATEGY_MEMORY, setup, run, teardown);
