/*
 * The tests' own control: every kind of assertion that they use must fail when it does not hold,
 * and end its test there. What is asked of cmocka is asked of windows/cmocka.c too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static int went_on, torn_down;
static char bytes[4] = "abc";

#define FAILS(name, ...)                                                                           \
    static void name(void **state) {                                                               \
        (void)state;                                                                               \
        __VA_ARGS__;                                                                               \
        went_on++;                                                                                 \
    }

FAILS(true_fails, assert_true(bytes[0] == 'b'))
FAILS(false_fails, assert_false(bytes[0] == 'a'))
FAILS(null_fails, assert_null(bytes))
FAILS(non_null_fails, assert_non_null(bytes[3] == 0 ? NULL : bytes))
FAILS(int_equal_fails, assert_int_equal(bytes[0], 'b'))
FAILS(int_equal_fails_in_the_highest_bit, assert_int_equal((uint64_t)1 << 63, 0))
FAILS(ptr_equal_fails, assert_ptr_equal(bytes, bytes + 1))
FAILS(ptr_not_equal_fails, assert_ptr_not_equal(bytes, bytes))
FAILS(memory_equal_fails, assert_memory_equal(bytes, "abd", 3))
FAILS(fail_fails, fail())
FAILS(fail_msg_fails, fail_msg("%d", 1))

static void holds(void **state) {
    (void)state;
    assert_true(bytes[0] == 'a');
    assert_true((uint64_t)1 << 63);
    assert_false(bytes[3]);
    assert_null(bytes[3] == 0 ? NULL : bytes);
    assert_non_null(bytes);
    assert_int_equal(bytes[0], 'a');
    assert_int_equal((uint64_t)1 << 63, (uint64_t)1 << 63);
    assert_ptr_equal(bytes, &bytes[0]);
    assert_ptr_not_equal(bytes, bytes + 1);
    assert_memory_equal(bytes, "abd", 2);
}

static int succeed(void **state) {
    (void)state;
    torn_down++;
    return 0;
}

static int refuse(void **state) {
    (void)state;
    return 1;
}

static int assert_in_fixture(void **state) {
    (void)state;
    fail();
    return 0;
}

#define COUNT(tests) ((int)(sizeof(tests) / sizeof(tests)[0]))

int main(void) {
    static const struct CMUnitTest failing[] = {
        cmocka_unit_test(true_fails),
        cmocka_unit_test(false_fails),
        cmocka_unit_test(null_fails),
        cmocka_unit_test(non_null_fails),
        cmocka_unit_test(int_equal_fails),
        cmocka_unit_test(int_equal_fails_in_the_highest_bit),
        cmocka_unit_test(ptr_equal_fails),
        cmocka_unit_test(ptr_not_equal_fails),
        cmocka_unit_test(memory_equal_fails),
        cmocka_unit_test(fail_fails),
        cmocka_unit_test_setup_teardown(fail_msg_fails, NULL, succeed),
        cmocka_unit_test_setup_teardown(holds, refuse, NULL),
        cmocka_unit_test_setup_teardown(holds, assert_in_fixture, NULL),
        cmocka_unit_test_setup_teardown(holds, NULL, refuse),
        cmocka_unit_test_setup_teardown(holds, NULL, assert_in_fixture),
    };
    static const struct CMUnitTest passing[] = {
        cmocka_unit_test(holds),
        cmocka_unit_test_setup_teardown(holds, succeed, succeed),
    };
    int failed = cmocka_run_group_tests(failing, NULL, NULL);
    int failed_of_passing = cmocka_run_group_tests(passing, NULL, NULL);

    printf("%d of %d failed as they must, %d went on; %d of %d failed that must not\n", failed,
           COUNT(failing), went_on, failed_of_passing, COUNT(passing));
    return failed != COUNT(failing) || failed_of_passing != 0 || went_on != 0 || torn_down != 3;
}
