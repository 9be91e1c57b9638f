#include "owner.h"

#include "os.h"

#define ADDRESS_BITS 47

_Atomic uintptr_t *owner_table;
size_t owner_limit;

/*
 * 256 MiB of address space, of which one page is touched for each 2 GiB that heaps span. At load
 * time, before any thread could see it change, so that the fast path reads plain variables.
 */
__attribute__((constructor)) static void owner_init(void) {
    size_t entries = (size_t)1 << (ADDRESS_BITS - SEGMENT_SHIFT);

    owner_table = os_map(entries * sizeof *owner_table);
    if (owner_table != NULL)
        owner_limit = entries;
}
