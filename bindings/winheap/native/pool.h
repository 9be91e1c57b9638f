/* Records that are never unmapped: a thread may still know of one whose use is over. */
#ifndef WINHEAP_NATIVE_POOL_H
#define WINHEAP_NATIVE_POOL_H

#include <stddef.h>

/*
 * A zeroed record of this size, a multiple of LINE_BYTES; NULL without memory. Under threads_lock.
 */
void *pool_carve(size_t bytes);

#endif
