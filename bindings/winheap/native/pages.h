/* Pages: counting them against a heap's maximum, committing those of units, giving them back. */
#ifndef WINHEAP_NATIVE_PAGES_H
#define WINHEAP_NATIVE_PAGES_H

#include "layout.h"

/* Counts pages into the heap, or out of it; false if its maximum forbids them. */
bool pages_charge(struct heap *heap, size_t pages);
void pages_discharge(struct heap *heap, size_t pages);

/* Commits the first pages of the units from unit on; false if the heap's maximum forbids. */
bool pages_commit(struct heap *heap, struct segment *segment, uint32_t unit, size_t pages);

/* Clears what is dirty of the first bytes of the units from unit on, before they are committed. */
void pages_clear(struct segment *segment, uint32_t unit, size_t bytes);

/* Gives back every committed page that no block uses; returns how many. */
size_t pages_trim(struct heap *heap);

#endif
