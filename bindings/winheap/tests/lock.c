/*
 * HeapLock and HeapUnlock. That a lock excludes is shown by order alone: another thread announces a
 * call and makes it; from the announcement on the owner does a number of things of its own, giving
 * way each time, and after each the call must not have returned. Then it unlocks, and it returns.
 */
#include "engine.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { OWN_STEPS = 500, THREADS = 4, ROUNDS = 3000 };

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

/* ---- another thread's call ---- */

struct call;
typedef void *call_maker(struct call *call);
struct call {
    call_maker *make;
    HANDLE heap;
    void *block;
    atomic_bool announced, returned;
    pthread_t thread;
};

static void *call_run(void *argument) {
    struct call *call = argument;
    void *result;

    atomic_store(&call->announced, true);
    result = call->make(call);
    atomic_store(&call->returned, true);
    return result;
}

static void call_start(struct call *call) {
    assert_int_equal(pthread_create(&call->thread, NULL, call_run, call), 0);
    while (!atomic_load(&call->announced))
        sched_yield();
}

/* Its result, which is not NULL for a call that succeeded. */
static void *call_result(struct call *call) {
    void *result = NULL;

    assert_int_equal(pthread_join(call->thread, &result), 0);
    assert_true(atomic_load(&call->returned));
    return result;
}

static void *as_result(BOOL succeeded) {
    return succeeded ? (void *)(intptr_t)1 : NULL;
}

static void *call_lock(struct call *call) {
    return as_result(HeapLock(call->heap) && HeapUnlock(call->heap));
}

static void *call_alloc(struct call *call) {
    return HeapAlloc(call->heap, 0, 64);
}

static void *call_realloc(struct call *call) {
    return HeapReAlloc(call->heap, 0, call->block, 200);
}

static void *call_free(struct call *call) {
    return as_result(HeapFree(call->heap, 0, call->block));
}

static void *call_walk(struct call *call) {
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};

    return as_result(HeapWalk(call->heap, &entry));
}

static void assert_kept_out(struct call *call) {
    for (int i = 0; i < OWN_STEPS; i++) {
        assert_true(HeapFree(heap, 0, HeapAlloc(heap, 0, 64)));
        sched_yield();
        assert_false(atomic_load(&call->returned));
    }
}

/* ---- tests ---- */

static void a_lock_keeps_out_other_threads_calls(void **state) {
    static call_maker *const calls[] = {call_lock, call_alloc, call_realloc, call_free, call_walk};

    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct call call = {.make = calls[i], .heap = heap, .block = HeapAlloc(heap, 0, 64)};
        assert_true(HeapLock(heap));
        call_start(&call);
        assert_kept_out(&call);
        assert_true(HeapUnlock(heap));
        assert_non_null(call_result(&call));
    }
    assert_true(HeapValidate(heap, 0, NULL));
}

/* A size of each kind: small blocks, runs of pages and mappings may have ways of their own. */
static void a_lock_keeps_out_every_size(void **state) {
    static const size_t sizes[] = {1, 5000, 200000, 5000000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct call call = {.make = call_free, .heap = heap, .block = HeapAlloc(heap, 0, sizes[i])};
        assert_true(HeapLock(heap));
        call_start(&call);
        assert_kept_out(&call);
        assert_int_equal(HeapSize(heap, 0, call.block), sizes[i]);
        assert_true(HeapUnlock(heap));
        assert_non_null(call_result(&call));
    }
}

static void a_lock_counts(void **state) {
    struct call call = {.make = call_alloc, .heap = heap};

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(HeapLock(heap));
    call_start(&call);
    assert_true(HeapUnlock(heap));
    assert_kept_out(&call);
    assert_true(HeapUnlock(heap));
    assert_kept_out(&call);
    assert_true(HeapUnlock(heap));
    assert_non_null(call_result(&call));
}

static void the_owner_may_call_everything(void **state) {
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    void *block, *large;

    (void)state;
    SetLastError(12345);
    assert_true(HeapLock(heap));
    block = HeapAlloc(heap, HEAP_ZERO_MEMORY, 100);
    large = HeapAlloc(heap, 0, 3000000);
    block = HeapReAlloc(heap, 0, block, 100000);
    assert_int_equal(HeapSize(heap, 0, block), 100000);
    assert_true(HeapValidate(heap, 0, NULL));
    assert_true(HeapWalk(heap, &entry));
    assert_true(HeapFree(heap, 0, block) && HeapFree(heap, 0, large));
    assert_true(HeapUnlock(heap));
    assert_int_equal(GetLastError(), 12345);
}

static void *call_unlock(struct call *call) {
    SetLastError(0);
    return as_result(!HeapUnlock(call->heap) && GetLastError() == ERROR_NOT_LOCKED);
}

static void only_the_owner_may_unlock(void **state) {
    struct call unlock = {.make = call_unlock, .heap = heap};
    struct call alloc = {.make = call_alloc, .heap = heap};

    (void)state;
    assert_true(HeapLock(heap));
    call_start(&unlock);
    assert_promise("lock.only_the_owner_unlocks", call_result(&unlock) != NULL);
    if (engine_differs("lock.only_the_owner_unlocks"))
        return;
    call_start(&alloc);
    assert_kept_out(&alloc);
    assert_true(HeapUnlock(heap));
    assert_non_null(call_result(&alloc));
}

static void what_is_not_locked_cannot_be_unlocked(void **state) {
    (void)state;
    for (int round = 0; round < 2; round++) {
        SetLastError(0);
        assert_promise("lock.only_a_lock_is_unlocked",
                       !HeapUnlock(heap) && GetLastError() == ERROR_NOT_LOCKED);
        if (engine_differs("lock.only_a_lock_is_unlocked"))
            return;
        assert_true(HeapLock(heap) && HeapUnlock(heap));
    }
}

static void a_heap_without_a_lock_keeps_nobody_out(void **state) {
    struct call call = {.make = call_alloc, .heap = HeapCreate(HEAP_NO_SERIALIZE, 0, 0)};

    (void)state;
    assert_true(HeapLock(call.heap));
    call_start(&call);
    assert_non_null(call_result(&call));
    assert_true(HeapUnlock(call.heap));
    assert_true(HeapUnlock(call.heap));
    assert_true(HeapDestroy(call.heap));
}

static void other_heaps_are_not_locked(void **state) {
    struct call call = {.make = call_alloc, .heap = HeapCreate(0, 0, 0)};

    (void)state;
    assert_true(HeapLock(heap));
    call_start(&call);
    assert_non_null(call_result(&call));
    assert_true(HeapUnlock(heap));
    assert_true(HeapDestroy(call.heap));
}

static bool is_refused(__typeof__(HeapLock) function, HANDLE handle) {
    SetLastError(0);
    return !function(handle) && GetLastError() == ERROR_INVALID_HANDLE;
}

static void what_is_no_heap_cannot_be_locked(void **state) {
    HANDLE dead = HeapCreate(0, 0, 0);
    const HANDLE handles[] = {NULL, dead, (char *)heap + 16};

    (void)state;
    assert_true(HeapDestroy(dead));
    for (int i = 0; i < 3; i++)
        assert_promise("lock.what_is_no_heap_is_refused",
                       is_refused(HeapLock, handles[i]) && is_refused(HeapUnlock, handles[i]));
}

/* Guarded by the heap's lock alone: a counter, and blocks that change hands. */
static struct {
    size_t count;
    void *block;
} shared;

static void *count_under_the_lock(void *sound) {
    for (int i = 0; i < ROUNDS; i++) {
        void *mine = HeapAlloc(heap, 0, 100);
        if (!HeapLock(heap))
            return NULL;
        void *other = shared.block;
        shared.block = mine;
        shared.count++;
        if (!HeapFree(heap, 0, other) || !HeapUnlock(heap))
            return NULL;
    }
    return sound;
}

static void threads_contend_for_the_lock(void **state) {
    pthread_t threads[THREADS];
    int sound = 0;

    (void)state;
    shared.count = 0;
    shared.block = NULL;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_under_the_lock, &sound), 0);
    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &sound);
    }
    assert_int_equal(shared.count, (size_t)THREADS * ROUNDS);
    assert_true(HeapFree(heap, 0, shared.block));
    assert_true(HeapValidate(heap, 0, NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(lock, TEST(a_lock_keeps_out_other_threads_calls), TEST(a_lock_keeps_out_every_size),
             TEST(a_lock_counts), TEST(the_owner_may_call_everything),
             TEST(only_the_owner_may_unlock), TEST(what_is_not_locked_cannot_be_unlocked),
             TEST(a_heap_without_a_lock_keeps_nobody_out), TEST(other_heaps_are_not_locked),
             TEST(what_is_no_heap_cannot_be_locked), TEST(threads_contend_for_the_lock))
