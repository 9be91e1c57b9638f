/*
 * Without memory for its own records an engine may refuse, with the right error, and must not fail.
 * This program's calloc, which adapters take them from, refuses on demand.
 */
#include "engine.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static bool no_memory;

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): glibc's are reserved names
WINHEAP_API void *calloc(size_t count, size_t size) {
    void *block = NULL;

    if (no_memory || __builtin_mul_overflow(count, size, &size)) {
        errno = ENOMEM;
        return NULL;
    }
    block = malloc(size);
    return block != NULL ? memset(block, 0, size) : NULL;
}

static void *create_heap(void *heap) {
    *(HANDLE *)heap = HeapCreate(0, 0, 0);
    return HeapAlloc(*(HANDLE *)heap, 0, 100);
}

static void a_heap_whose_thread_has_ended_can_be_destroyed(void **state) {
    HANDLE own = HeapCreate(0, 0, 0), heap = NULL;
    pthread_t thread;
    void *block;

    (void)state;
    assert_non_null(HeapAlloc(own, 0, 100));
    assert_int_equal(pthread_create(&thread, NULL, create_heap, &heap), 0);
    assert_int_equal(pthread_join(thread, &block), 0);
    assert_non_null(block);
    SetLastError(0);
    no_memory = true;
    block = HeapAlloc(heap, 0, 100);
    no_memory = false;
    assert_int_equal(GetLastError(), block != NULL ? 0 : ERROR_NOT_ENOUGH_MEMORY);
    assert_true(HeapDestroy(heap));
    assert_true(HeapDestroy(own));
}

ENGINE_TESTS(shortage, cmocka_unit_test(a_heap_whose_thread_has_ended_can_be_destroyed))
