/* How many emptied segments a growable heap keeps, and when it gives them back. */
#include "heap.h"
#include "registry.h"
#include "segment.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEGMENTS = 20, BLOCKS = SEGMENTS * (SEGMENT_UNITS - SEGMENT_META_UNITS) };

static struct heap *heap;
static void *blocks[BLOCKS];

static int create_heap(void **state) {
    (void)state;
    heap = registry_reserve();
    assert_non_null(heap);
    assert_true(heap_open(heap, 0, 0, 0));
    registry_publish(heap);
    return 0;
}

static int destroy_heap(void **state) {
    (void)state;
    assert_true(registry_retire(heap));
    heap_destroy(heap);
    assert_null(heap->spare);
    assert_int_equal(heap->spares + heap->segments, 0);
    registry_recycle(heap);
    return 0;
}

/* Blocks of a unit each, then none. */
static void live_set_comes_and_goes(size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_non_null(blocks[i] = heap_alloc(heap, thread_self, UNIT_BYTES, false));
    assert_true(heap_check(heap));
    for (size_t i = 0; i < count; i++)
        assert_true(heap_free(heap, thread_self, blocks[i]));
    assert_true(heap_check(heap));
}

static void half_of_the_peak_is_kept(void **state) {
    (void)state;
    for (int round = 0; round < 5; round++) {
        live_set_comes_and_goes(BLOCKS);
        assert_int_equal(heap->segments, 1);
        assert_int_equal(heap->spares, SEGMENTS / 2);
        assert_int_equal(heap->committed, (SEGMENT_UNITS - SEGMENT_META_UNITS) * UNIT_PAGES);
    }
}

static void a_smaller_live_set_gives_the_rest_back(void **state) {
    (void)state;
    live_set_comes_and_goes(BLOCKS);
    for (int round = 0; round < SEGMENTS; round++)
        live_set_comes_and_goes(BLOCKS / SEGMENTS * 2);
    assert_true(heap->spares <= 1);
}

static void a_shortage_takes_them_first(void **state) {
    (void)state;
    live_set_comes_and_goes(BLOCKS);
    assert_null(heap_alloc(heap, thread_self, SIZE_MAX / 2, false));
    assert_int_equal(heap->spares, 0);
    assert_true(heap_check(heap));
}

/* As a program that tries in place first does all the time. */
static void a_refusal_in_place_does_not(void **state) {
    void *block;
    bool live;

    (void)state;
    live_set_comes_and_goes(BLOCKS);
    block = heap_alloc(heap, thread_self, 64, false);
    assert_null(heap_realloc(heap, thread_self, block, 5000, HEAP_REALLOC_IN_PLACE_ONLY, &live));
    assert_true(live);
    assert_int_equal(heap->spares, SEGMENTS / 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(half_of_the_peak_is_kept), TEST(a_smaller_live_set_gives_the_rest_back),
        TEST(a_shortage_takes_them_first), TEST(a_refusal_in_place_does_not)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
