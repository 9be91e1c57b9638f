/*
 * A bounded queue of pointers from one thread to one other.
 *
 * Each side keeps a copy of how far the other was when it last looked, so that the line with the
 * other's count moves between the CPUs once per round of the ring and not once per pointer. Who
 * has waited for long yields: on a busy machine the other side may need this CPU.
 */
#ifndef WORKLOADS_RING_H
#define WORKLOADS_RING_H

#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>

#define RING_SIZE 1024u

#define RING_PATIENCE 1024u /* looks before a yield: some µs, in which a ring is half drained */

typedef struct ring_side {
    alignas(64) atomic_size_t count; /* pointers that have gone through this side */
    size_t other;                    /* the other side's count, as last seen */
} ring_side;

/* All zero: an empty ring. */
typedef struct ring {
    ring_side in, out;
    alignas(64) void *slots[RING_SIZE];
} ring;

/* Puts one pointer in; waits while RING_SIZE are in it. One thread only. */
static inline void ring_push(ring *r, void *pointer) {
    size_t count = atomic_load_explicit(&r->in.count, memory_order_relaxed);
    for (unsigned looks = 1; count - r->in.other == RING_SIZE; looks++) {
        r->in.other = atomic_load_explicit(&r->out.count, memory_order_acquire);
        if (looks % RING_PATIENCE == 0)
            sched_yield();
    }
    r->slots[count % RING_SIZE] = pointer;
    atomic_store_explicit(&r->in.count, count + 1, memory_order_release);
}

/* Takes the oldest pointer out; waits while there is none. One thread only. */
static inline void *ring_pop(ring *r) {
    size_t count = atomic_load_explicit(&r->out.count, memory_order_relaxed);
    for (unsigned looks = 1; count == r->out.other; looks++) {
        r->out.other = atomic_load_explicit(&r->in.count, memory_order_acquire);
        if (looks % RING_PATIENCE == 0)
            sched_yield();
    }
    void *pointer = r->slots[count % RING_SIZE];
    atomic_store_explicit(&r->out.count, count + 1, memory_order_release);
    return pointer;
}

#endif
