/*
 * What AddressSanitizer is told, in builds with it; in all others these calls are nothing.
 *
 * Of the memory that heaps hold for blocks, exactly the requested bytes of live blocks may be
 * touched. All else is poisoned: slack, free blocks, memory never carved, what lies before and
 * behind a large block in its mapping. So are side tables not yet given to a unit. Memory goes back
 * to the system unpoisoned: whoever gets the address next knows nothing of it.
 */
#ifndef WINHEAP_NATIVE_SHADOW_H
#define WINHEAP_NATIVE_SHADOW_H

#include <stddef.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__

#include <sanitizer/asan_interface.h>

/* Of a function that looks at closed memory knowingly. */
#define SHADOW_BLIND __attribute__((no_sanitize("address")))

/* These bytes may be touched from now on. */
static inline void shadow_open(const void *start, size_t bytes) {
    __asan_unpoison_memory_region(start, bytes);
}

/* Whoever touches one of these bytes from now on is reported. */
static inline void shadow_close(const void *start, size_t bytes) {
    __asan_poison_memory_region(start, bytes);
}

#else

#define SHADOW_BLIND

static inline void shadow_open(const void *start, size_t bytes) {
    (void)start;
    (void)bytes;
}

static inline void shadow_close(const void *start, size_t bytes) {
    (void)start;
    (void)bytes;
}

#endif

/* A block's border moves; its memory reaches at least to the farther one. */
static inline void shadow_resize(const char *block, size_t old_size, size_t size) {
    if (size > old_size)
        shadow_open(block + old_size, size - old_size);
    else
        shadow_close(block + size, old_size - size);
}

/* Clears closed memory, which stays closed. */
static inline void shadow_clear(void *start, size_t bytes) {
    shadow_open(start, bytes);
    memset(start, 0, bytes);
    shadow_close(start, bytes);
}

#endif
