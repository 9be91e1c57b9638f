#include "owner.h"

#include "os.h"

#define ADDRESS_BITS 47
#define WINDOW_BITS 40 /* below and above an address that the kernel chose */

_Atomic(struct span *) *owner_table;
size_t owner_first;
size_t owner_limit;

static bool owner_map(size_t first, size_t entries) {
    owner_table = os_map(entries * sizeof *owner_table);
    if (owner_table == NULL)
        return false;
    owner_first = first;
    owner_limit = entries;
    os_bound(first * UNIT_BYTES, (first + entries) * UNIT_BYTES);
    return true;
}

static void owner_map_window(void) {
    size_t half = (size_t)1 << (WINDOW_BITS - UNIT_SHIFT);
    void *sample = os_map(PAGE_BYTES);
    size_t centre = (uintptr_t)sample / UNIT_BYTES;

    if (sample == NULL)
        return;
    os_unmap(sample, PAGE_BYTES);
    owner_map(centre > half ? centre - half : 0, 2 * half);
}

void owner_init(void) {
    if (!owner_map(0, (size_t)1 << (ADDRESS_BITS - UNIT_SHIFT)))
        owner_map_window();
}
