#include "cmocka.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct CMUnitTest *current;
static jmp_buf end_of_step;
static const char *filter;

void cmocka_set_test_filter(const char *name) {
    filter = name;
}

const char *cmocka_test_name(void) {
    return current->name;
}

void print_error(const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
}

// NOLINTNEXTLINE(bugprone-reserved-identifier): cmocka's name
void _fail(const char *file, int line) {
    print_error("%s:%d: error: Failure!\n", file, line);
    longjmp(end_of_step, 1);
}

void cmocka_check(bool kept, const char *condition, const char *file, int line) {
    if (kept)
        return;
    print_error("%s\n", condition);
    _fail(file, line);
}

void cmocka_check_equal(uintmax_t left, uintmax_t right, bool equal, const char *file, int line) {
    if ((left == right) == equal)
        return;
    print_error("%#jx %s %#jx\n", left, equal ? "!=" : "==", right);
    _fail(file, line);
}

void cmocka_check_memory(const void *left, const void *right, size_t size, const char *file,
                         int line) {
    if (memcmp(left, right, size) == 0)
        return;
    print_error("%zu bytes differ\n", size);
    _fail(file, line);
}

/* A step is a setup, a test or a teardown: true if it came to its end, and that was good. */
static bool cmocka_fixture_passes(CMFixtureFunction fixture, void **state) {
    if (fixture == NULL)
        return true;
    return setjmp(end_of_step) == 0 && fixture(state) == 0;
}

static bool cmocka_step_passes(CMUnitTestFunction test, void **state) {
    if (setjmp(end_of_step) != 0)
        return false;
    test(state);
    return true;
}

/* What a setup has begun, the teardown ends, whether the test passes or not. */
static bool cmocka_test_passes(const struct CMUnitTest *test) {
    void *state = test->initial_state;
    bool passed;

    if (!cmocka_fixture_passes(test->setup_func, &state))
        return false;
    passed = cmocka_step_passes(test->test_func, &state);
    return cmocka_fixture_passes(test->teardown_func, &state) && passed;
}

static bool cmocka_run(const struct CMUnitTest *test) {
    bool passed;

    current = test;
    printf("[ RUN      ] %s\n", test->name);
    fflush(stdout); /* so that a crash leaves the name of its test */
    passed = cmocka_test_passes(test);
    printf("[ %s ] %s\n", passed ? "      OK" : " FAILED ", test->name);
    return passed;
}

static int cmocka_run_all(const struct CMUnitTest *tests, size_t count) {
    int failed = 0;

    for (size_t i = 0; i < count; i++)
        if (filter == NULL || strcmp(tests[i].name, filter) == 0)
            failed += !cmocka_run(&tests[i]);
    return failed;
}

// NOLINTNEXTLINE(bugprone-reserved-identifier): cmocka's name
int _cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t count,
                            CMFixtureFunction setup, CMFixtureFunction teardown) {
    void *state = NULL;
    int failed = !cmocka_fixture_passes(setup, &state);

    if (failed == 0)
        failed = cmocka_run_all(tests, count) + !cmocka_fixture_passes(teardown, &state);
    printf("[==========] %s: %zu test(s), %d failed.\n", group, count, failed);
    return failed;
}
