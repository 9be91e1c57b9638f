/* What a heap's blocks take of its maximum. Called under the heap's lock. */
#ifndef ADAPTERS_QUOTA_H
#define ADAPTERS_QUOTA_H

#include "frame.h"

/* What a block of this size takes. */
static inline size_t quota_of(const struct heap *heap, size_t size) {
    size_t bytes = size + heap->tail;
    return bytes ? (bytes + 15) & ~(size_t)15 : 16;
}

/* Replaces one block's share by another's; false: there is not so much left. */
static inline bool quota_replace(struct heap *heap, size_t before, size_t after) {
    if (!heap->max) {
        return true;
    }
    if (after > before && after - before > heap->max - heap->used) {
        return false;
    }
    heap->used = heap->used - before + after;
    return true;
}

#endif
