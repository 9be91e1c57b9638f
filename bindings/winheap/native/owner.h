/*
 * Whose memory an address is: one entry per 4 MiB of the 47-bit address space. A pointer of any
 * value is looked up without touching what it points to.
 */
#ifndef WINHEAP_NATIVE_OWNER_H
#define WINHEAP_NATIVE_OWNER_H

#include "layout.h"

/*
 * An entry is the handle of the heap whose segment starts there, 0 for none. Handles are aligned,
 * so bit 0 is free to say that the heap has no lock: only such entries serve the fast path.
 */
#define OWNER_UNLOCKED ((uintptr_t)1)

/* Mapped when the library is loaded; if that failed, the limit is 0 and no heap can be created. */
extern INTERNAL _Atomic uintptr_t *owner_table;
extern INTERNAL size_t owner_limit; /* entries */

static inline uintptr_t owner_of(const void *address) {
    size_t entry = (uintptr_t)address >> SEGMENT_SHIFT;

    if (unlikely(entry >= owner_limit))
        return 0;
    return atomic_load_explicit(&owner_table[entry], memory_order_relaxed);
}

/* Enters a segment whose header is filled in, or removes it (owner 0). */
static inline void owner_set(const struct segment *segment, uintptr_t owner) {
    atomic_store_explicit(&owner_table[(uintptr_t)segment >> SEGMENT_SHIFT], owner,
                          memory_order_release);
}

/* What a heap's segments are entered as. */
static inline uintptr_t owner_value(const struct heap *heap) {
    return (uintptr_t)heap->handle | (heap->options & HEAP_NO_SERIALIZE ? OWNER_UNLOCKED : 0);
}

#endif
