/*
 * Which span a block is of: one entry per 64 KiB of the 47-bit address space, the span that starts
 * there. A pointer of any value is looked up without touching what it points to.
 */
#ifndef WINHEAP_NATIVE_OWNER_H
#define WINHEAP_NATIVE_OWNER_H

#include "layout.h"

/*
 * Mapped before the first heap is made, 16 GiB of address space of which one page is touched for
 * each 32 MiB that heaps span. Where so much is not to be had it covers what lies around the other
 * mappings; without any, the limit is 0 and no heap can be created.
 */
extern INTERNAL _Atomic(struct span *) *owner_table;
extern INTERNAL size_t owner_first; /* number of the 64 KiB that the table starts with */
extern INTERNAL size_t owner_limit; /* entries */

void owner_init(void); /* before the first mapping of a segment */

static inline struct span *owner_span(const void *address) {
    size_t entry = (uintptr_t)address / UNIT_BYTES - owner_first;

    if (unlikely(entry >= owner_limit))
        return NULL;
    return atomic_load_explicit(&owner_table[entry], memory_order_relaxed);
}

/* Enters a span that is filled in, at its base, or removes it (NULL). */
static inline void owner_set(const void *base, struct span *span) {
    atomic_store_explicit(&owner_table[(uintptr_t)base / UNIT_BYTES - owner_first], span,
                          memory_order_release);
}

#endif
