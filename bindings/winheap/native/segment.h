/* Segments: getting and returning them, taking and giving back units, placing side tables. */
#ifndef WINHEAP_NATIVE_SEGMENT_H
#define WINHEAP_NATIVE_SEGMENT_H

#include "layout.h"

/*
 * A growable heap keeps its emptied segments, pages and all, up to half of its peak: a live set
 * that comes and goes, as under a garbage collector, need not fault them in each time. The peak is
 * the most segments it has used at a time, less one for each segment opened below it since: a heap
 * that works on with less gives back, by closing, what it does not need any more. Spare segments
 * are in no other list, not in the owner table and not counted as committed.
 */

/* Puts a segment at the head of one of its heap's lists, or takes it out. */
void segment_link(struct segment **list, struct segment *segment);
void segment_unlink(struct segment **list, struct segment *segment);

/*
 * Takes so many neighbouring units, from a new segment if no open one has them; their descriptors
 * are of kind none. Returns the first one's descriptor, NULL when the system has no memory.
 */
struct span *segment_take_units(struct heap *heap, uint32_t units);

/* Takes the units [unit, unit + units) if all are free. */
bool segment_take_at(struct heap *heap, struct segment *segment, uint32_t unit, uint32_t units);

/* Gives units back. Their pages stay committed, for the next to use. */
void segment_give_units(struct heap *heap, struct segment *segment, uint32_t unit, uint32_t units);

/* A side table for a unit's span, whatever it holds. */
span_entry *segment_table(struct segment *segment, uint32_t unit, size_t bytes);

/* Commits the heap's initial pages; false when the system has no memory. */
bool segment_populate(struct heap *heap, size_t pages);

/* Returns the heap's spare segments; true if there were any. */
bool segment_release_spares(struct heap *heap);

/* Gives a segment that no heap uses back to the system. */
void segment_unmap(struct segment *segment);

/* Returns all of the heap's segments, whatever lives in them. */
void segment_release_all(struct heap *heap);

#endif
