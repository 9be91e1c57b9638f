/*
 * Spans: one unit of blocks of one size class, with a side table of one byte per block.
 *
 * A live block's entry is its slack: the size of the class less the requested size. SPAN_FREE marks
 * a free block; SPAN_WIDE says that the slack is in the 16-bit table behind, which only classes
 * with so much slack have. Entries of blocks not yet carved mean nothing.
 */
#ifndef WINHEAP_NATIVE_SPAN_H
#define WINHEAP_NATIVE_SPAN_H

#include "layout.h"

#define SPAN_FREE 255u
#define SPAN_WIDE 254u

/* Ends every list of spans, and has no free block: the fast path need not look for NULL. */
extern INTERNAL struct span span_none;

static inline struct span *span_of(const void *address) {
    return &segment_of(address)->span[unit_of(address)];
}

/* Of a block's address, its index; of any other, more than the span has blocks. */
static inline uint32_t span_index(const struct span *span, const void *block) {
    uint32_t offset = (uint32_t)(uintptr_t)block - (uint32_t)(uintptr_t)span->base;

    return sizeclass_index(offset, span->inverse, span->shift);
}

static inline uint16_t *span_wide_table(const struct span *span) {
    return (uint16_t *)(void *)(span->table + ((span->blocks + 1u) & ~1u));
}

static inline void span_set_size(struct span *span, uint32_t index, size_t requested) {
    uint32_t slack = span->size - (uint32_t)requested;

    if (likely(slack < SPAN_WIDE)) {
        span->table[index] = (uint8_t)slack;
        return;
    }
    span->table[index] = SPAN_WIDE;
    span_wide_table(span)[index] = (uint16_t)slack;
}

/* The exact size of a live block, or of the block that a run or large mapping is. */
static inline size_t span_get_size(const struct span *span, uint32_t index) {
    uint32_t entry = span->table[index];

    if (span->kind != SPAN_BLOCKS)
        return span->requested;
    return span->size - (entry == SPAN_WIDE ? span_wide_table(span)[index] : entry);
}

/* A block of size bytes, NULL when no carved block is free. */
static inline void *span_take(struct span *span, size_t size) {
    void *block = span->free;

    if (unlikely(block == NULL))
        return NULL;
    span->free = *(void **)block;
    span->until++;
    span_set_size(span, span_index(span, block), size);
    return block;
}

/* Frees a live block; true when the slow path must look at the span. */
static inline bool span_put(struct span *span, uint32_t index, void *block) {
    span->table[index] = SPAN_FREE;
    *(void **)block = span->free;
    span->free = block;
    return --span->until == 0;
}

/* A new span of the class, listed, without carved blocks; NULL when there is no memory. */
struct span *span_new(struct heap *heap, uint32_t sizeclass);

/* Carves the blocks of the next page or pages; false if the heap's maximum forbids. */
bool span_carve(struct heap *heap, struct span *span);

/*
 * When the heap's maximum forbids the head of a list to carve: brings the first span behind it with
 * a free block to the head and returns it; NULL when there is none.
 */
struct span *span_pass(struct heap *heap, struct span *head);

/* Out of the heap's list: every block is live. The next free brings it back. */
void span_detach(struct heap *heap, struct span *span);

/* What to do when `until` has reached 0 by a free: list it again, or release an empty one. */
void span_settle(struct heap *heap, struct span *span);

/* Releases the empty spans that lists have kept; true if there were any. */
bool span_release_empty(struct heap *heap);

#endif
