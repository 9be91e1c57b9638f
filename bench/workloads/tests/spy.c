/*
 * An engine for tests: it says how its heap was created, and is wrong in three ways that
 * heaplab-bench must see. It never zeroes a block, it never grows one in place, and a heap with a
 * maximum is always full.
 */
#include <winheap/heapapi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct heap {
    DWORD options;
    SIZE_T max;
    void *kept; /* the last block freed, in use again for the next allocation of its size */
    SIZE_T kept_size;
} the_heap;

typedef struct block {
    SIZE_T size;
    max_align_t bytes[];
} block;

HANDLE HeapCreate(DWORD options, SIZE_T initial, SIZE_T max) {
    (void)initial;
    the_heap.options = options;
    the_heap.max = max;
    return &the_heap;
}

BOOL HeapDestroy(HANDLE heap) {
    return heap == &the_heap;
}

LPVOID HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size) {
    (void)heap;
    (void)flags;
    if (the_heap.max)
        return NULL;
    block *b = the_heap.kept;
    if (b && b->size == size) {
        the_heap.kept = NULL;
        return b->bytes;
    }
    b = malloc(sizeof *b + size);
    if (!b)
        return NULL;
    memset(b, 0xab, sizeof *b + size); /* even the first block: a busy machine measures no second */
    b->size = size;
    /* cppcheck-suppress memleak ; block_of() finds the block again */
    return b->bytes;
}

static block *block_of(LPVOID bytes) {
    return (block *)(void *)((char *)bytes - offsetof(block, bytes));
}

BOOL HeapFree(HANDLE heap, DWORD flags, LPVOID bytes) {
    (void)heap;
    (void)flags;
    if (!bytes)
        return TRUE;
    free(the_heap.kept);
    the_heap.kept = block_of(bytes);
    return TRUE;
}

LPVOID HeapReAlloc(HANDLE heap, DWORD flags, LPVOID bytes, SIZE_T size) {
    if (flags & HEAP_REALLOC_IN_PLACE_ONLY)
        return NULL;
    LPVOID grown = HeapAlloc(heap, 0, size);
    if (!grown)
        return NULL;
    block *old = block_of(bytes);
    memcpy(grown, bytes, old->size < size ? old->size : size);
    free(old);
    return grown;
}

const char *winheap_engine(void) {
    static char text[64];
    snprintf(text, sizeof text, "spy options=%u max=%zu", the_heap.options, the_heap.max);
    return text;
}
