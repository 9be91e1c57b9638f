/* Empty segments that the process keeps mapped for whichever growable heap needs one next. */
#ifndef WINHEAP_NATIVE_CACHE_H
#define WINHEAP_NATIVE_CACHE_H

#include "layout.h"

/* A segment with its pages and side tables as the last heap left them; NULL when there is none. */
struct segment *cache_take(void);

/* Keeps a segment without spans; false when there are enough. */
bool cache_keep(struct segment *segment);

/* Held around fork. */
void cache_lock(void);
void cache_unlock(void);

#endif
