/*
 * A heap's blocks: allocation, lookup of any pointer, release. The caller holds the heap's lock
 * where the heap has one.
 */
#ifndef WINHEAP_NATIVE_HEAP_H
#define WINHEAP_NATIVE_HEAP_H

#include "owner.h"
#include "span.h"

/*
 * Makes a dead descriptor a heap (but for its key), with initial bytes committed and max bytes
 * reserved, 0 for no limit; false, and nothing is held, when the system has no memory.
 */
bool heap_open(struct heap *heap, uint32_t options, size_t initial, size_t max);

/* Returns everything that the heap holds. */
void heap_close(struct heap *heap);

/* What the fast path has not: a fresh page of blocks, a fresh span, a run, a large block. */
void *heap_alloc_slow(struct heap *heap, size_t size, bool zero);

/* The slow half of a release: the span of the freed block has reached its mark. */
void heap_settle(struct heap *heap, struct span *span);

/* Gives back unused pages of a heap at its maximum or without memory; true if there were any. */
bool heap_make_room(struct heap *heap);

/* Changes a live block's size; NULL, and nothing has changed, without memory or if it must move. */
void *heap_realloc(struct heap *heap, struct span *span, uint32_t index, void *block, size_t size,
                   DWORD modes);

/* Whether the heap's structures agree with each other. */
bool heap_check(struct heap *heap);

/* A block from what its class's first span has ready, else NULL. */
static inline void *heap_alloc_ready(struct heap *heap, size_t size) {
    if (likely(size <= SIZECLASS_TABLE_MAX))
        return span_take(heap->current[sizeclass_table[(size + 15) / 16]], size);
    if (unlikely(size > SIZECLASS_MAX))
        return NULL;
    return span_take(heap->current[sizeclass_computed(size)], size);
}

/* The span and index of a live block of this heap; NULL for any other pointer. */
static inline struct span *heap_find(const struct heap *heap, const void *block, uint32_t *index) {
    struct span *span;

    if ((owner_of(block) & ~OWNER_UNLOCKED) != (uintptr_t)heap->handle)
        return NULL;
    span = span_of(block);
    *index = span_index(span, block);
    return *index < span->carved && span->table[*index] != SPAN_FREE ? span : NULL;
}

/* Frees a block that heap_find found. */
static inline void heap_free(struct heap *heap, struct span *span, uint32_t index, void *block) {
    if (unlikely(span_put(span, index, block)))
        heap_settle(heap, span);
}

#endif
