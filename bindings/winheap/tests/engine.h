/*
 * What every conformance test includes: the heap API as plain functions, forwarded to the engine
 * library named on the command line, and the one table of engines that knowingly differ.
 *
 * A test program is one feature: its file ends with ENGINE_TESTS(feature, tests...).
 */
#ifndef WINHEAP_TESTS_ENGINE_H
#define WINHEAP_TESTS_ENGINE_H

#include "winheap/heapapi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* One line of differences.c: the engine does not keep the promise of that name, and why. */
struct engine_difference {
    const char *engine;
    const char *promise; /* FEATURE.WORDS */
    const char *reason;
};
extern const struct engine_difference engine_differences[];
extern const size_t engine_difference_count;

/* Whether the table has the engine under test for this promise. */
bool engine_differs(const char *promise);

/*
 * Asserts that the promise is kept; where the table says that the engine differs, that it is not,
 * so that a line of the table fails as soon as it is no longer true.
 */
#define assert_promise(promise, condition)                                                         \
    engine_assert_promise((promise), (condition), #condition, __FILE__, __LINE__)
void engine_assert_promise(const char *promise, bool kept, const char *condition, const char *file,
                           int line);

/* Runs body in a forked child, which a hang ends, and returns its wait status: 0 for true. */
int engine_in_child(bool (*body)(void));

/* The kernel's count of this process's pages: reserved address space, and resident. */
struct engine_pages {
    size_t reserved;
    size_t resident;
};
struct engine_pages engine_pages(void);

/* Loads the engine argv names, runs the tests, and fails for unused lines of the table. */
int engine_run(const char *feature, int argc, char **argv, const struct CMUnitTest *tests,
               size_t count);

#define ENGINE_TESTS(feature, ...)                                                                 \
    int main(int argc, char **argv) {                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        return engine_run(#feature, argc, argv, tests, sizeof tests / sizeof tests[0]);            \
    }

#endif
