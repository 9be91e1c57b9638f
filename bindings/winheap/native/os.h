/* Address space and pages from the kernel. Sizes are multiples of a page; failures are values. */
#ifndef WINHEAP_NATIVE_OS_H
#define WINHEAP_NATIVE_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the addresses that os_map_segments and os_move may give. */
void os_bound(uintptr_t lowest, uintptr_t end);

/* Readable, writable, zero, aligned to SEGMENT_BYTES; NULL when there is no such address space. */
void *os_map_segments(size_t bytes);

/* The same without the alignment, for the engine's own tables. */
void *os_map(size_t bytes);

/* Address space that may not be touched, aligned to UNIT_BYTES. */
void *os_reserve(size_t bytes);

void os_unmap(void *start, size_t bytes);

/* Unmaps what os_map_segments gave, so that the next one takes the same place. */
void os_unmap_segments(void *start, size_t bytes);

/* Gives the pages back, unless the program has locked them; they read as zero afterwards. */
void os_decommit(void *start, size_t bytes);

/* Makes pages that may not be touched, or whose contents may be executed; false: not possible. */
bool os_guard(void *start, size_t bytes);
bool os_make_executable(void *start, size_t bytes);

/* A number that nobody can guess, as far as the system has one. */
uint64_t os_random(void);

/* Bytes of memory and swap that the machine has. */
size_t os_memory_bytes(void);

/* Makes every page resident now; false when the system has no memory for them. */
bool os_populate(void *start, size_t bytes);

/* Grows or shrinks a mapping where it stands; false if something stands behind it. */
bool os_resize(void *start, size_t bytes, size_t new_bytes);

/*
 * Grows a mapping of os_map_segments by moving its pages, uncopied, to a new aligned place, which
 * is returned; NULL, and nothing has changed, when there is none.
 */
void *os_move(void *start, size_t bytes, size_t new_bytes);

#endif
