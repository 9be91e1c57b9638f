/*
 * Threads that allocate for the first time in the last round of their destructors: nobody tells the
 * engine of their ends, and their memory may be the next thread's, or nobody's. Whoever then keeps
 * all threads out of a heap must neither wait for them nor look at what was theirs.
 */
#include "engine.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

enum { WARM = 100, THREADS = 5000, BYTES = 2000, RESIDENT_PAGES = 256, RESERVED_PAGES = 2048 };

static pthread_key_t late_key;

struct late {
    HANDLE heap;
    int rounds;
    unsigned char *block;
};

static void late_run(void *argument) {
    struct late *late = argument;

    if (++late->rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
        pthread_setspecific(late_key, late);
        return;
    }
    late->block = HeapAlloc(late->heap, 0, BYTES);
    if (late->block != NULL)
        memset(late->block, 1, BYTES);
}

static void *late_begin(void *late) {
    pthread_setspecific(late_key, late);
    return NULL;
}

static void run_late(HANDLE heap, size_t threads) {
    for (size_t i = 0; i < threads; i++) {
        struct late late = {.heap = heap};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, late_begin, &late), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_non_null(late.block);
        assert_true(HeapFree(heap, 0, late.block));
        if (i % 64 == 0)
            assert_true(HeapValidate(heap, 0, NULL));
    }
}

static void threads_that_begin_at_their_end_leave_nothing(void **state) {
    HANDLE heap = HeapCreate(0, 0, 0);
    struct engine_pages before, after;

    (void)state;
    assert_non_null(heap);
    assert_int_equal(pthread_key_create(&late_key, late_run), 0);
    run_late(heap, WARM);
    before = engine_pages();
    run_late(heap, THREADS);
    after = engine_pages();
    assert_in_range(after.resident, 0, before.resident + RESIDENT_PAGES);
    assert_in_range(after.reserved, 0, before.reserved + RESERVED_PAGES);
    assert_int_equal(pthread_key_delete(late_key), 0);
    assert_true(HeapDestroy(heap));
}

ENGINE_TESTS(late, cmocka_unit_test(threads_that_begin_at_their_end_leave_nothing))
