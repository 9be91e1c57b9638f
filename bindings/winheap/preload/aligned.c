#include "aligned.h"

#include "heap.h"
#include "registry.h"

/*
 * A block as large as a multiple of its alignment stands at one, up to 64 KiB: spans and runs start
 * at multiples of that, and a class as large as such a multiple, or the next larger, is one itself.
 * Shrinking never moves a block, so that the size can be exact.
 */
static void *aligned_in_segment(struct heap *heap, size_t alignment, size_t size) {
    size_t whole = size == 0 ? alignment : (size + alignment - 1) & ~(alignment - 1);
    void *block;

    if (whole < size)
        return NULL;
    block = HeapAlloc(heap->handle, 0, whole);
    if (block == NULL || whole == size)
        return block;
    return HeapReAlloc(heap->handle, HEAP_REALLOC_IN_PLACE_ONLY, block, size);
}

void *aligned_new(size_t alignment, size_t size) {
    struct heap *heap = registry_process_heap();

    if (heap == NULL)
        return NULL;
    return alignment <= UNIT_BYTES ? aligned_in_segment(heap, alignment, size)
                                   : heap_alloc_apart(heap, size, alignment);
}
