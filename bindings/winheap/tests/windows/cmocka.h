/*
 * The part of cmocka's interface that the conformance tests use, for MinGW, for which Debian has no
 * cmocka. unit_cmocka.c holds it to what the real one does. A failed assertion leaves its test by
 * longjmp, so assertions are for the thread that runs the tests.
 */
#ifndef WINHEAP_TESTS_WINDOWS_CMOCKA_H
#define WINHEAP_TESTS_WINDOWS_CMOCKA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void (*CMUnitTestFunction)(void **state);
typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
    const char *name;
    CMUnitTestFunction test_func;
    CMFixtureFunction setup_func;    /* NULL, or not 0 when the test cannot run */
    CMFixtureFunction teardown_func; /* NULL, or not 0 when the test has left something behind */
    void *initial_state;
};

#define cmocka_unit_test(function)                                                                 \
    { #function, (function), NULL, NULL, NULL }
#define cmocka_unit_test_setup_teardown(function, setup, teardown)                                 \
    { #function, (function), (setup), (teardown), NULL }

#define assert_true(condition) cmocka_check(!!(condition), #condition, __FILE__, __LINE__)
#define assert_false(condition) cmocka_check(!(condition), "!(" #condition ")", __FILE__, __LINE__)
#define assert_null(pointer)                                                                       \
    cmocka_check((pointer) == NULL, #pointer " == NULL", __FILE__, __LINE__)
#define assert_non_null(pointer)                                                                   \
    cmocka_check((pointer) != NULL, #pointer " != NULL", __FILE__, __LINE__)
#define assert_int_equal(left, right)                                                              \
    cmocka_check_equal((uintmax_t)(left), (uintmax_t)(right), true, __FILE__, __LINE__)
#define assert_ptr_equal(left, right)                                                              \
    cmocka_check_equal((uintptr_t)(left), (uintptr_t)(right), true, __FILE__, __LINE__)
#define assert_ptr_not_equal(left, right)                                                          \
    cmocka_check_equal((uintptr_t)(left), (uintptr_t)(right), false, __FILE__, __LINE__)
#define assert_memory_equal(left, right, size)                                                     \
    cmocka_check_memory((left), (right), (size), __FILE__, __LINE__)

#define fail() _fail(__FILE__, __LINE__)
#define fail_msg(...) (print_error(__VA_ARGS__), print_error("\n"), fail())

void cmocka_check(bool kept, const char *condition, const char *file, int line);
void cmocka_check_equal(uintmax_t left, uintmax_t right, bool equal, const char *file, int line);
void cmocka_check_memory(const void *left, const void *right, size_t size, const char *file,
                         int line);

// NOLINTNEXTLINE(bugprone-reserved-identifier): cmocka's name
_Noreturn void _fail(const char *file, int line);

void print_error(const char *format, ...) __attribute__((format(gnu_printf, 1, 2)));

/* Only the test of this name runs: the real one takes a pattern. */
void cmocka_set_test_filter(const char *name);

/* The name of the test that runs; cmocka keeps it to itself. */
const char *cmocka_test_name(void);

/*
 * Runs the tests, each between its setup and its teardown, and all between the group's: returns how
 * many did not pass, of the group's two as well.
 */
// NOLINTNEXTLINE(bugprone-reserved-identifier): cmocka's name
int _cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t count,
                            CMFixtureFunction setup, CMFixtureFunction teardown);

#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    _cmocka_run_group_tests(#tests, (tests), sizeof(tests) / sizeof(tests)[0], (setup), (teardown))

#endif
