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

static bool child_creates_a_heap(void) {
    HANDLE own = HeapCreate(0, 0, 0);

    return own != NULL && HeapAlloc(own, 0, 100000) != NULL && HeapValidate(own, 0, NULL) &&
           HeapDestroy(own) && child_uses_the_heap();
}

static void the_child_uses_inherited_heaps(void **state) {
    (void)state;
    assert_int_equal(engine_in_child(child_uses_the_heap), 0);
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
    int status = 0;

    (void)state;
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&thread, NULL, cycle_heaps, NULL), 0);
    while (atomic_load(&cycles) == 0)
        ;
    for (int i = 0; i < 50 && status == 0; i++)
        status = engine_in_child(child_creates_a_heap);
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_promise("fork.beside_busy_threads", status == 0);
    assert_true(HeapValidate(heap, 0, block));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(fork, TEST(the_child_uses_inherited_heaps),
             TEST(a_fork_beside_busy_threads_leaves_no_lock_held))
