/*
 * The handles of an adapter: which are live, which are dead, in what order they were made.
 *
 * Descriptors stand 64 KiB apart in one reserved range and are never unmapped, so any value can be
 * judged as a handle by arithmetic and one load. A dead descriptor is used again first in, first
 * out, and only after at least REGISTRY_QUARANTINE others died.
 *
 * Threads: all functions may be called from any thread.
 */
#ifndef ADAPTERS_REGISTRY_H
#define ADAPTERS_REGISTRY_H

#include "frame.h"

enum {
    REGISTRY_HEAPS = 65536,     /* live and resting handles that one process can have */
    REGISTRY_QUARANTINE = 1024, /* deaths that a dead handle sits out */
};

/* The live heap of this handle, or NULL for anything else. */
struct heap *registry_find(HANDLE handle);

/* A descriptor, all zero but for its place in memory, that is not live yet; NULL: none left. */
struct heap *registry_take(void);

/* Makes a descriptor a live heap, the newest. */
void registry_publish(struct heap *heap);

/* Makes a live heap dead; false: it was dead already. */
bool registry_retire(struct heap *heap);

/* Gives back the descriptor of a heap that was retired: its quarantine begins. */
void registry_release(struct heap *heap);

/* Gives back a descriptor that was taken and never published: the next to be taken from the queue,
 * so that failed creations shorten nobody's quarantine. */
void registry_return(struct heap *heap);

/* Whether a live heap has this owner of blocks. Takes a look at every descriptor, and no lock. */
bool registry_owner_lives(uint64_t owner);

/* Calls visit for each live heap, none of which can be created or destroyed meanwhile. visit must
 * not wait for a heap: whoever has it may be waiting to create one. */
void registry_each(void (*visit)(struct heap *heap));

/* The number of live heaps; stores the first ones' handles, in order of creation. */
DWORD registry_list(DWORD capacity, PHANDLE handles);

#endif
