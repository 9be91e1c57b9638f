/* What the process keeps of destroyed heaps, and when it gives it back. */
#include "cache.h"
#include "heap.h"
#include "registry.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEGMENTS = 20 };

/* A heap of so many segments comes and goes. */
static void heap_comes_and_goes(size_t segments) {
    struct heap *heap = registry_reserve();

    assert_non_null(heap);
    assert_true(heap_open(heap, 0, 0, 0));
    registry_publish(heap);
    for (size_t i = 0; i < segments * SEGMENT_BLOCK_UNITS; i++)
        assert_non_null(heap_alloc(heap, thread_self, UNIT_BYTES, false));
    assert_int_equal(heap->segments, segments);
    assert_true(registry_retire(heap));
    heap_destroy(heap);
    registry_recycle(heap);
}

static size_t segments_kept(void) {
    struct segment *kept[2 * SEGMENTS];
    size_t count = 0;

    while (count < 2 * SEGMENTS && (kept[count] = cache_take()) != NULL)
        count++;
    for (size_t i = 0; i < count; i++)
        assert_true(cache_keep(kept[i]));
    return count;
}

static int give_back(void **state) {
    (void)state;
    cache_release();
    return 0;
}

static void the_default_is_32_mib(void **state) {
    (void)state;
    heap_comes_and_goes(SEGMENTS);
    assert_int_equal(segments_kept() * SEGMENT_BYTES, (size_t)32 << 20);
}

static void the_limit_is_an_option(void **state) {
    size_t before = cache_limit(SIZE_MAX);

    (void)state;
    heap_comes_and_goes(SEGMENTS);
    assert_int_equal(segments_kept(), SEGMENTS);
    heap_comes_and_goes(SEGMENTS); /* out of what is kept */
    assert_int_equal(segments_kept(), SEGMENTS);
    assert_int_equal(cache_limit(3 * SEGMENT_BYTES + 1), SIZE_MAX);
    assert_int_equal(segments_kept(), 3);
    cache_limit(0);
    assert_int_equal(segments_kept(), 0);
    heap_comes_and_goes(1);
    assert_int_equal(segments_kept(), 0);
    assert_int_equal(cache_limit(before), 0);
}

static void a_shortage_takes_all(void **state) {
    struct heap *heap = registry_reserve();

    (void)state;
    heap_comes_and_goes(3);
    assert_int_equal(segments_kept(), 3);
    assert_true(heap_open(heap, 0, 0, 0));
    assert_null(heap_alloc(heap, thread_self, SIZE_MAX / 2, false));
    assert_int_equal(segments_kept(), 0);
    heap_destroy(heap);
    registry_cancel(heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_default_is_32_mib, give_back),
        cmocka_unit_test_teardown(the_limit_is_an_option, give_back),
        cmocka_unit_test_teardown(a_shortage_takes_all, give_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
