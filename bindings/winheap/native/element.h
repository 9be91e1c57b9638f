/*
 * A heap as a sequence of elements, as HeapWalk tells it: each segment is a region, whose units are
 * told one by one: a span's carved blocks, then what else of its pages is committed, then the rest.
 *
 * An element is found again by its start and flags alone. All functions are called with all other
 * threads excluded (heap_exclude).
 */
#ifndef WINHEAP_NATIVE_ELEMENT_H
#define WINHEAP_NATIVE_ELEMENT_H

#include "heap.h"

struct element {
    struct segment *segment; /* a large block may stand 4 MiB and more behind its segment's start */
    char *start;
    size_t extent; /* bytes to where the next element of the region starts */
    size_t bytes;  /* as told: of a live block its requested size */
    WORD flags;    /* PROCESS_HEAP_* */
    bool block;    /* a block, live or free */
};

/* The heap's first element, and the one after another; false when there is none. */
bool element_first(const struct heap *heap, struct element *element);
bool element_next(const struct heap *heap, struct element *element);

/* The element with these flags that starts here; false, whatever start is, if there is none. */
bool element_find(const struct heap *heap, char *start, WORD flags, struct element *element);

#endif
