/* fork: the child uses the heaps it inherited and makes its own; the parent notices nothing. */
#include "engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

static HANDLE heap;
static char *block;

static int create_heap(void **state) {
    (void)state;
    heap = HeapCreate(0, 0, 0);
    block = HeapAlloc(heap, 0, 100);
    memset(block, 'p', 100);
    return heap == NULL || block == NULL;
}

static int destroy_heap(void **state) {
    (void)state;
    return !HeapDestroy(heap);
}

static bool child_uses_the_heap(void) {
    void *more = HeapAlloc(heap, 0, 5000);
    char *grown = HeapReAlloc(heap, 0, block, 2000000);

    return more != NULL && grown != NULL && grown[99] == 'p' && HeapFree(heap, 0, more) &&
           HeapFree(heap, 0, grown) && HeapValidate(heap, 0, NULL) && HeapDestroy(heap);
}

/* What the busy thread was about to create or to destroy must not be half in the list. */
static bool every_listed_heap_is_live(void) {
    HANDLE heaps[8];
    DWORD count = GetProcessHeaps(8, heaps);

    SetLastError(0);
    for (DWORD i = 0; i < count && i < 8; i++)
        if (HeapSize(heaps[i], 0, &count) != (SIZE_T)-1 || GetLastError() == ERROR_INVALID_HANDLE)
            return false;
    return true;
}

static bool child_creates_a_heap(void) {
    HANDLE own = HeapCreate(0, 0, 0);

    return every_listed_heap_is_live() && own != NULL && HeapAlloc(own, 0, 100000) != NULL &&
           HeapValidate(own, 0, NULL) && HeapDestroy(own) && child_uses_the_heap();
}

static void the_child_uses_inherited_heaps(void **state) {
    (void)state;
    assert_int_equal(engine_in_child(child_uses_the_heap), ENGINE_TRUE);
    assert_int_equal(block[99], 'p');
    assert_int_equal(HeapSize(heap, 0, block), 100);
    assert_true(HeapValidate(heap, 0, NULL));
}

static atomic_bool stop;
static atomic_int cycles;

/* Holds the engine's global locks as often as it can. */
static void *cycle_heaps(void *unused) {
    while (!atomic_load(&stop)) {
        HANDLE own = HeapCreate(HEAP_NO_SERIALIZE, 0, 0);
        HeapAlloc(own, 0, 100);
        HeapDestroy(own);
        atomic_fetch_add(&cycles, 1);
    }
    return unused;
}

static void a_fork_beside_busy_threads_leaves_no_lock_held(void **state) {
    pthread_t thread;
    enum engine_end end = ENGINE_TRUE;

    (void)state;
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&thread, NULL, cycle_heaps, NULL), 0);
    while (atomic_load(&cycles) == 0)
        ;
    for (int i = 0; i < 50 && end == ENGINE_TRUE; i++)
        end = engine_in_child(child_creates_a_heap);
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_promise("fork.beside_busy_threads", end == ENGINE_TRUE);
    assert_true(HeapValidate(heap, 0, block));
}

/* Holds the lock of a shared heap as long as it can: clearing happens under it. */
static void *use_the_heap(void *unused) {
    while (!atomic_load(&stop)) {
        HeapFree(heap, 0, HeapAlloc(heap, HEAP_ZERO_MEMORY, 300000));
        HeapFree(GetProcessHeap(), 0, HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, 300000));
        atomic_fetch_add(&cycles, 1);
    }
    return unused;
}

static bool child_uses_both_heaps(void) {
    void *more = HeapAlloc(GetProcessHeap(), 0, 100000);

    return more != NULL && HeapFree(GetProcessHeap(), 0, more) &&
           HeapValidate(GetProcessHeap(), 0, NULL) && child_uses_the_heap();
}

static void a_heap_in_use_by_another_thread_serves_the_child(void **state) {
    pthread_t thread;
    enum engine_end end = ENGINE_TRUE;

    (void)state;
    atomic_store(&stop, false);
    atomic_store(&cycles, 0);
    assert_int_equal(pthread_create(&thread, NULL, use_the_heap, NULL), 0);
    while (atomic_load(&cycles) == 0)
        ;
    for (int i = 0; i < 50 && end == ENGINE_TRUE; i++)
        end = engine_in_child(child_uses_both_heaps);
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(end, ENGINE_TRUE);
    assert_true(HeapValidate(heap, 0, block));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(fork, TEST(the_child_uses_inherited_heaps),
             TEST(a_fork_beside_busy_threads_leaves_no_lock_held),
             TEST(a_heap_in_use_by_another_thread_serves_the_child))
