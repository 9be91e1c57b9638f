/*
 * HEAP_TAIL_CHECKING_ENABLED and HEAP_FREE_CHECKING_ENABLED over an allocator that has neither: a
 * pattern behind each block, and freed blocks kept from the allocator for a while, filled with
 * another. A write to a freed block is seen while it is one of the last DEBUG_GRAVES freed, and
 * stays seen from then on: such a block is never handed out again.
 *
 * All functions are called under the heap's lock.
 */
#ifndef ADAPTERS_DEBUG_H
#define ADAPTERS_DEBUG_H

#include "frame.h"

enum { DEBUG_TAIL_BYTES = 16, DEBUG_GRAVES = 64 };

/* A new heap has its options: prepares what they need. false: out of memory. */
bool debug_open(struct heap *heap);

/* Gives everything back, before adapter_close. */
void debug_close(struct heap *heap);

/* A block had old bytes and has size: fills the new ones unless they are zero, writes the tail. */
void debug_dress(const struct heap *heap, void *block, size_t old, size_t size, bool zero);

/* Whether the bytes behind a live block are as debug_dress left them. */
bool debug_is_sound(const struct heap *heap, const void *block, size_t size);

/* A block was freed: fills it and keeps it; or frees it at once where nothing is looked after. */
void debug_bury(struct heap *heap, void *block, size_t size);

/* Frees what is kept of freed blocks; whether there was something. */
bool debug_exhume(struct heap *heap);

/* Whether all tails and all freed blocks that are kept are unharmed. */
bool debug_check(struct heap *heap);

#endif
