/* Segments: taking and giving back units, committing their pages, placing their side tables. */
#ifndef WINHEAP_NATIVE_SEGMENT_H
#define WINHEAP_NATIVE_SEGMENT_H

#include "layout.h"

/* Puts a segment at the head of one of its heap's lists, or takes it out. */
void segment_link(struct segment **list, struct segment *segment);
void segment_unlink(struct segment **list, struct segment *segment);

/*
 * Takes so many neighbouring units, from a new segment if no open one has them; their descriptors
 * are zero. Returns the first one's descriptor, NULL when the system has no memory.
 */
struct span *segment_take_units(struct heap *heap, uint32_t units);

/* Takes the units [unit, unit + units) if all are free. */
bool segment_take_at(struct heap *heap, struct segment *segment, uint32_t unit, uint32_t units);

/* Gives units back. Their pages stay committed, for the next to use. */
void segment_give_units(struct heap *heap, struct segment *segment, uint32_t unit, uint32_t units);

/* Counts pages into the heap, or out of it; false if its maximum forbids them. */
bool segment_charge(struct heap *heap, size_t pages);
void segment_discharge(struct heap *heap, size_t pages);

/* Commits the first pages of the units from unit on; false if the heap's maximum forbids. */
bool segment_commit(struct heap *heap, struct segment *segment, uint32_t unit, size_t pages);

/* Clears what is dirty of the first bytes of the units from unit on, before they are committed. */
void segment_clear(struct segment *segment, uint32_t unit, size_t bytes);

/* A side table for a unit's span, whatever it holds. */
uint8_t *segment_table(struct segment *segment, uint32_t unit, size_t bytes);

/* Gives back every committed page that no block uses; returns how many. */
size_t segment_trim_all(struct heap *heap);

/* Commits the heap's initial pages; false when the system has no memory. */
bool segment_populate(struct heap *heap, size_t pages);

/* Returns all of the heap's segments, whatever lives in them. */
void segment_release_all(struct heap *heap);

/* Around fork: holds the lock of the cache of empty segments. */
void segment_cache_lock(void);
void segment_cache_unlock(void);

#endif
