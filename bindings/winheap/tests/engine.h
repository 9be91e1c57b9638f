/*
 * What every conformance test includes: the heap API of the engine library named on the command
 * line, and the one table of engines that knowingly differ.
 *
 * A test program is one feature: its file ends with ENGINE_TESTS(feature, tests...).
 */
#ifndef WINHEAP_TESTS_ENGINE_H
#define WINHEAP_TESTS_ENGINE_H

#include "engine_api.h"

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
 * so that a line of the table fails as soon as it is no longer true. A call of the engine that
 * faults within the condition keeps no promise, where the platform lets the program go on.
 */
#define assert_promise(promise, condition)                                                         \
    (engine_promise_begin(),                                                                       \
     engine_promise_end((promise), (condition), #condition, __FILE__, __LINE__))
void engine_promise_begin(void);
void engine_promise_end(const char *promise, bool kept, const char *condition, const char *file,
                        int line);

/* How a child ended: its body returned, abort() or an exception that nobody handled, or a crash. */
enum engine_end { ENGINE_TRUE, ENGINE_FALSE, ENGINE_ABORTED, ENGINE_CRASHED };

/*
 * Runs body in a child process, which a hang ends. The child has what the test has made so far: it
 * is a fork, or this program again, come to the same call of the same test.
 */
enum engine_end engine_in_child(bool (*body)(void));

/* The same, and stores what the child writes to stderr; it may crash when that is size or more. */
enum engine_end engine_in_child_heard(bool (*body)(void), char *text, size_t size);

/* The system's count of this process's pages: reserved address space, and resident. */
struct engine_pages {
    size_t reserved;
    size_t resident;
};
struct engine_pages engine_pages(void);

/* Locks pages into memory, as a program that keeps secrets does; whether that worked. */
bool engine_lock_pages(void *start, size_t bytes);

/* Loads the engine argv names, runs the tests, and fails for unused lines of the table. */
int engine_run(const char *feature, int argc, char **argv, const struct CMUnitTest *tests,
               size_t count);

#define ENGINE_TESTS(feature, ...)                                                                 \
    int main(int argc, char **argv) {                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        return engine_run(#feature, argc, argv, tests, sizeof tests / sizeof tests[0]);            \
    }

/* ---- between the parts of the harness ---- */

/* Opens the library, and finds a function in it: each ends the program when it cannot. */
typedef void (*engine_function)(void);
void engine_open(const char *path);
engine_function engine_symbol(const char *name);

/* A call of the engine faulted: not kept within a promise, a failed test elsewhere. */
void engine_faulted(unsigned long code);

/* Ends the program for a fault of its use. */
_Noreturn void engine_fail(const char *what);

#endif
