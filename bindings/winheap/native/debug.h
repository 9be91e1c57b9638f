/*
 * HEAP_TAIL_CHECKING_ENABLED, HEAP_FREE_CHECKING_ENABLED and HEAP_CREATE_HARDENED. A heap with one
 * of them has no way past its lock, ever (heap_open): so its calls come by here, and those of other
 * heaps pay nothing.
 *
 * A tail is part of the block as the rest of the engine sees it. Since the engine keeps nothing in
 * free blocks, they are filled when they are carved and when they are freed, and HeapValidate
 * compares all of them.
 */
#ifndef WINHEAP_NATIVE_DEBUG_H
#define WINHEAP_NATIVE_DEBUG_H

#include "layout.h"

#define DEBUG_OPTIONS                                                                              \
    (HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED | HEAP_CREATE_HARDENED)
#define DEBUG_TAIL_BYTES ((size_t)16)

static inline bool debug_is_on(const struct heap *heap) {
    return unlikely((heap->options & DEBUG_OPTIONS) != 0);
}

/* Bytes behind each block's own. */
static inline size_t debug_tail(const struct heap *heap) {
    return (heap->options & HEAP_TAIL_CHECKING_ENABLED) != 0 ? DEBUG_TAIL_BYTES : 0;
}

/* What heap_alloc, heap_free, heap_realloc and heap_size do, for a heap of this kind. */
void *debug_alloc(struct heap *heap, struct thread *self, size_t size, bool zero);
bool debug_free(struct heap *heap, struct thread *self, void *block);
void *debug_realloc(struct heap *heap, struct thread *self, void *block, size_t size, DWORD modes,
                    bool *live);
size_t debug_size(struct heap *heap, struct thread *self, const void *block);

/* Whether this is a live block whose tail is unharmed. */
bool debug_check_block(struct heap *heap, struct thread *self, const void *block);

/* With all other threads excluded: whether all tails and all free blocks are unharmed. */
bool debug_check(struct heap *heap);

/* Fills blocks of a span that are carved, from first to before end. */
void debug_carve(const struct heap *heap, const struct span *span, uint32_t first, uint32_t end);

/* Brings one of the first free blocks of a hardened heap's span to the front, by lot. */
void debug_shuffle(struct heap *heap, struct span *span);

#endif
