/*
 * The malloc family behind pointers that may change at any time: compilers and analyzers know what
 * malloc does, and neither keep nor pass a test of what they take for granted or for a fault.
 */
#ifndef WINHEAP_PRELOAD_TESTS_FAMILY_H
#define WINHEAP_PRELOAD_TESTS_FAMILY_H

#include <malloc.h>
#include <stdlib.h>

static struct {
    void *(*malloc)(size_t size);
    void *(*calloc)(size_t count, size_t size);
    void *(*realloc)(void *block, size_t size);
    void *(*reallocarray)(void *block, size_t count, size_t size);
    void (*free)(void *block);
    int (*posix_memalign)(void **block, size_t alignment, size_t size);
    void *(*aligned_alloc)(size_t alignment, size_t size);
    void *(*memalign)(size_t alignment, size_t size);
    void *(*valloc)(size_t size);
    void *(*pvalloc)(size_t size);
    size_t (*malloc_usable_size)(void *block);
} volatile family = {
    malloc,   calloc, realloc, reallocarray,       free, posix_memalign, aligned_alloc,
    memalign, valloc, pvalloc, malloc_usable_size,
};

#endif
