/* Handles: which are heaps, in which order they were created, and when one may be used again. */
#ifndef WINHEAP_NATIVE_REGISTRY_H
#define WINHEAP_NATIVE_REGISTRY_H

#include "layout.h"

extern uintptr_t registry_base;
extern struct heap *registry_heaps;
extern _Atomic size_t registry_count; /* descriptors ever used */

/*
 * The descriptor behind a handle of any value; NULL if there never was such a handle. Its state
 * says whether the heap lives. A handle is the address of 64 KiB that nobody may touch: only its
 * number, by which descriptors lie densely, means anything.
 */
static inline struct heap *registry_find(HANDLE handle) {
    uintptr_t offset = (uintptr_t)handle - registry_base;
    uintptr_t number = offset >> UNIT_SHIFT | offset << (64 - UNIT_SHIFT); /* misaligned: huge */

    if (unlikely(number >= atomic_load_explicit(&registry_count, memory_order_acquire)))
        return NULL;
    return &registry_heaps[number];
}

static inline uint32_t registry_state(struct heap *heap) {
    return atomic_load_explicit(&heap->state, memory_order_acquire);
}

/* The live heap of a handle, else NULL. */
static inline struct heap *registry_live(HANDLE handle) {
    struct heap *heap = registry_find(handle);

    return heap != NULL && (registry_state(heap) & HEAP_DEAD) == 0 ? heap : NULL;
}

/* A dead descriptor to make a heap of; NULL when there are no more or there is no memory. */
struct heap *registry_reserve(void);

/* Gives a descriptor back that did not become a heap. */
void registry_cancel(struct heap *heap);

/* Makes the heap live, with these options. */
void registry_publish(struct heap *heap, uint32_t options);

/* Makes a heap dead, so that no handle finds it: false if it is already, or the process heap. */
bool registry_retire(struct heap *heap);

/* Queues a dead heap's descriptor, whose memory has been released. */
void registry_recycle(struct heap *heap);

/* The process heap; NULL only when it could not be created. */
struct heap *registry_process_heap(void);

/* Stores the first min(room, result) handles of live heaps; returns how many there are. */
size_t registry_list(size_t room, HANDLE *handles);

#endif
