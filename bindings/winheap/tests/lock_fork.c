/* HeapLock and fork: the child has its own thread's locks, and none of other threads. */
#include "engine.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static HANDLE heap;

static int create_heap(void **state) {
    (void)state;
    heap = HeapCreate(0, 0, 0);
    return heap == NULL;
}

static int destroy_heap(void **state) {
    (void)state;
    return !HeapDestroy(heap);
}

static bool use_and_unlock(void) {
    return HeapAlloc(heap, 0, 100) != NULL && HeapUnlock(heap) && HeapAlloc(heap, 0, 100) != NULL &&
           !HeapUnlock(heap);
}

static void a_child_has_the_locks_of_its_thread(void **state) {
    (void)state;
    assert_true(HeapLock(heap));
    assert_int_equal(engine_in_child(use_and_unlock), ENGINE_TRUE);
    assert_true(HeapUnlock(heap));
}

/* Keeps one heap and wants the engine's own locks, all the time. */
static atomic_bool stop, busy;

static void *create_under_a_lock(void *unused) {
    while (!atomic_load(&stop)) {
        HeapLock(heap);
        HeapDestroy(HeapCreate(0, 0, 0));
        HeapUnlock(heap);
        atomic_store(&busy, true);
    }
    return unused;
}

static bool use_the_heap(void) {
    return HeapLock(heap) && HeapAlloc(heap, 0, 100) != NULL && HeapUnlock(heap);
}

static void a_child_finds_no_lock_of_other_threads(void **state) {
    enum engine_end end = ENGINE_TRUE;
    pthread_t thread;

    (void)state;
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&thread, NULL, create_under_a_lock, NULL), 0);
    while (!atomic_load(&busy))
        sched_yield();
    for (int i = 0; i < 30 && end == ENGINE_TRUE; i++)
        end = engine_in_child(use_the_heap);
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(end, ENGINE_TRUE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(lock_fork, TEST(a_child_has_the_locks_of_its_thread),
             TEST(a_child_finds_no_lock_of_other_threads))
