/* Blocks of the process heap at a multiple of any power of two. */
#ifndef WINHEAP_PRELOAD_ALIGNED_H
#define WINHEAP_PRELOAD_ALIGNED_H

#include "layout.h"

/*
 * A block of exactly size bytes whose address is a multiple of alignment, a power of two; NULL when
 * there is no memory. It is freed and resized like any other; a resized one may lose its alignment.
 */
void *aligned_new(size_t alignment, size_t size);

#endif
