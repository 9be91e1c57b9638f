/*
 * Empty segments that the process keeps mapped for whichever growable heap needs one next, so that
 * a heap created and destroyed in a loop, or living at a segment's edge, makes no system call.
 */
#ifndef WINHEAP_NATIVE_CACHE_H
#define WINHEAP_NATIVE_CACHE_H

#include "layout.h"

/* A segment with its pages and side tables as the last heap left them; NULL when there is none. */
struct segment *cache_take(void);

/* Keeps a segment without spans; false when that would be more than the process is to keep. */
bool cache_keep(struct segment *segment);

/* Sets how many bytes are kept at most, gives back what is more, and returns what it was. */
size_t cache_limit(size_t bytes);

/* Gives back all that is kept; true if there was anything. */
bool cache_release(void);

/* Held around fork. */
void cache_lock(void);
void cache_unlock(void);

#endif
