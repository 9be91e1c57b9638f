#include "owner.h"

#include "os.h"

#define ADDRESS_BITS 47

_Atomic uintptr_t *owner_table;
_Atomic size_t owner_limit;

/* 256 MiB of address space, of which one page is touched for each 2 GiB that heaps span. */
bool owner_init(void) {
    size_t entries = (size_t)1 << (ADDRESS_BITS - SEGMENT_SHIFT);

    if (atomic_load_explicit(&owner_limit, memory_order_relaxed) != 0)
        return true;
    owner_table = os_map(entries * sizeof *owner_table);
    if (owner_table == NULL)
        return false;
    atomic_store_explicit(&owner_limit, entries, memory_order_release);
    return true;
}
