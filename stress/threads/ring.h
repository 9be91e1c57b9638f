/* Handing a block over. The counters run on for ever; their difference is what the ring holds. */
#ifndef STRESS_RING_H
#define STRESS_RING_H

#include "storm.h"

/* Called by the sending seat's thread only; false: the ring is full. */
static inline bool ring_push(struct ring *ring, const struct block *block) {
    uint32_t pushed = atomic_load_explicit(&ring->pushed, memory_order_relaxed);
    if (pushed - atomic_load_explicit(&ring->popped, memory_order_acquire) == RING_BLOCKS) {
        return false;
    }
    ring->blocks[pushed % RING_BLOCKS] = *block;
    atomic_store_explicit(&ring->pushed, pushed + 1, memory_order_release);
    return true;
}

/* Called by the receiving seat's thread only; false: the ring is empty. */
static inline bool ring_pop(struct ring *ring, struct block *block) {
    uint32_t popped = atomic_load_explicit(&ring->popped, memory_order_relaxed);
    if (popped == atomic_load_explicit(&ring->pushed, memory_order_acquire)) {
        return false;
    }
    *block = ring->blocks[popped % RING_BLOCKS];
    atomic_store_explicit(&ring->popped, popped + 1, memory_order_release);
    return true;
}

#endif
