/* The size classes and the exact division, for every size and every offset there is. */
#include "layout.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void the_smallest_class_that_holds_it(void **state) {
    (void)state;
    for (size_t size = 0; size <= SIZECLASS_MAX; size++) {
        uint32_t sizeclass = sizeclass_of(size);
        assert_in_range(sizeclass, 0, SIZECLASS_COUNT - 1);
        assert_true(size <= sizeclass_size(sizeclass));
        assert_true(sizeclass == 0 || size > sizeclass_size(sizeclass - 1));
        if (size != 0)
            assert_int_equal(sizeclass_computed(size), sizeclass);
    }
    assert_int_equal(sizeclass_size(SIZECLASS_COUNT - 1), SIZECLASS_MAX);
}

static void waste_is_at_most_an_eighth(void **state) {
    (void)state;
    for (uint32_t i = 1; i < SIZECLASS_COUNT; i++) {
        uint32_t step = sizeclass_size(i) - sizeclass_size(i - 1);
        assert_int_equal(sizeclass_size(i) % 16, 0);
        assert_true(step == 16 || step * 8 <= sizeclass_size(i));
    }
}

/* Rounding up to a class never takes a page more: a heap at its maximum depends on it. */
static void a_class_needs_the_pages_of_the_size(void **state) {
    (void)state;
    for (size_t size = 1; size <= SIZECLASS_MAX; size++)
        assert_int_equal(pages_of(sizeclass_size(sizeclass_of(size))), pages_of(size));
}

static void the_index_is_exact_for_every_offset(void **state) {
    (void)state;
    for (uint32_t i = 0; i < SIZECLASS_COUNT; i++) {
        uint32_t size = sizeclass_size(i);
        uint32_t shift = (uint32_t)__builtin_ctz(size);
        uint32_t inverse = sizeclass_inverse(size >> shift);
        uint32_t blocks = (uint32_t)(UNIT_BYTES / size);
        for (uint32_t offset = 0; offset < UNIT_BYTES; offset++) {
            uint32_t index = sizeclass_index(offset, inverse, shift);
            if (offset % size == 0)
                assert_int_equal(index, offset / size);
            else
                assert_true(index >= blocks);
            if (offset != 0) /* before the first block */
                assert_true(sizeclass_index(-offset, inverse, shift) >= blocks);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_class_that_holds_it),
        cmocka_unit_test(waste_is_at_most_an_eighth),
        cmocka_unit_test(a_class_needs_the_pages_of_the_size),
        cmocka_unit_test(the_index_is_exact_for_every_offset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
