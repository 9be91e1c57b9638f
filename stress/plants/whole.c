/* For engines that say what a whole heap holds: the planted engine says it too. */
#include "plant.h"

#include <string.h>

BOOL HeapSummary(HANDLE heap, DWORD flags, LPHEAP_SUMMARY summary) {
    BOOL filled = plant_real.HeapSummary(heap, flags, summary);
    summary->cbAllocated += filled && strcmp(plant_name, "summary-off-by-one") == 0;
    return filled;
}

BOOL HeapWalk(HANDLE heap, LPPROCESS_HEAP_ENTRY entry) {
    BOOL found = plant_real.HeapWalk(heap, entry);
    bool skip = found && entry->wFlags & PROCESS_HEAP_ENTRY_BUSY && plant_strikes("walk-skips");
    return skip ? plant_real.HeapWalk(heap, entry) : found;
}
