/* Handles: which are heaps, in which order they were created, and when one may be used again. */
#ifndef WINHEAP_NATIVE_REGISTRY_H
#define WINHEAP_NATIVE_REGISTRY_H

#include "layout.h"

/*
 * A handle is the address of 64 KiB that nobody may touch; only its number means anything. Handles
 * are neighbours and a power of two in number, so that the low bits of their numbers are all
 * different and index the descriptors. A descriptor's key is the handle while the heap lives, else
 * a value that is not looked up there: one comparison tells a live heap's handle from all else.
 */
extern INTERNAL struct heap *registry_heaps;
extern INTERNAL size_t registry_mask; /* of a descriptor's offset: (heaps - 1) * its size */

static inline struct heap *registry_slot(HANDLE handle) {
    uintptr_t offset = (uintptr_t)handle / (UNIT_BYTES / sizeof(struct heap)) & registry_mask;

    return (struct heap *)(void *)((char *)registry_heaps + offset);
}

static inline bool registry_is_live(struct heap *heap, HANDLE handle) {
    return likely(atomic_load_explicit(&heap->key, memory_order_acquire) == handle);
}

/* The live heap of a handle of any value, else NULL. */
static inline struct heap *registry_find(HANDLE handle) {
    struct heap *heap = registry_slot(handle);

    return registry_is_live(heap, handle) ? heap : NULL;
}

/* A dead descriptor to make a heap of; NULL when there are no more or there is no memory. */
struct heap *registry_reserve(void);

/* Gives a descriptor back that did not become a heap. */
void registry_cancel(struct heap *heap);

/* Makes the heap live. */
void registry_publish(struct heap *heap);

/* Makes a heap dead, so that no handle finds it: false if it is already, or the process heap. */
bool registry_retire(struct heap *heap);

/* Queues a dead heap's descriptor, whose memory has been released. */
void registry_recycle(struct heap *heap);

/* The process heap; NULL only when it could not be created. */
struct heap *registry_process_heap(void);

/* Acts on every live heap, none of which can be created or destroyed meanwhile. act must not wait
 * for a heap: whoever has it may be waiting to create one. */
void registry_each(void (*act)(struct heap *heap));

/* Stores the first min(room, result) handles of live heaps; returns how many there are. */
size_t registry_list(size_t room, HANDLE *handles);

#endif
