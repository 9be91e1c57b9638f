/* Large blocks: a mapping each, so that they grow and move by mremap and shrink by giving pages. */
#ifndef WINHEAP_NATIVE_LARGE_H
#define WINHEAP_NATIVE_LARGE_H

#include "layout.h"

/*
 * A zeroed block at a multiple of alignment, a power of two and at least UNIT_BYTES; NULL when
 * there is no memory or the heap's maximum forbids.
 */
void *large_new(struct heap *heap, size_t size, size_t alignment);

/* The block's pages. */
size_t large_pages(const struct segment *segment);

void large_free(struct heap *heap, struct span *span);

/* Grows or shrinks where it stands; false, and nothing has changed, if it cannot. */
bool large_resize(struct heap *heap, struct span *span, size_t size);

/* Grows to another place without copying; NULL, and nothing has changed, if it cannot. */
void *large_move(struct heap *heap, struct span *span, size_t size);

/* Returns all of the heap's large blocks. */
void large_release_all(struct heap *heap);

#endif
