/* The part of the harness that all platforms share: functions, promises, and the run. */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void engine_fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* ---- the engine's functions ---- */

#define ENGINE_DEFINE(name) __typeof__(engine_##name) engine_##name;
ENGINE_FUNCTIONS(ENGINE_DEFINE)

#define ENGINE_BIND(name) engine_##name = (__typeof__(engine_##name))engine_symbol(#name);

static void engine_load(const char *path) {
    engine_open(path);
    ENGINE_FUNCTIONS(ENGINE_BIND)
}

/* ---- known differences ---- */

#define DIFFERENCES_MAX 256

static char engine_name[64];
static bool consulted[DIFFERENCES_MAX];

static const struct engine_difference *engine_difference(const char *promise) {
    for (size_t i = 0; i < engine_difference_count; i++) {
        const struct engine_difference *line = &engine_differences[i];
        if (strcmp(line->engine, engine_name) == 0 && strcmp(line->promise, promise) == 0) {
            consulted[i] = true;
            return line;
        }
    }
    return NULL;
}

bool engine_differs(const char *promise) {
    return engine_difference(promise) != NULL;
}

static bool within_promise, faulted;

void engine_promise_begin(void) {
    within_promise = true;
    faulted = false;
}

void engine_promise_end(const char *promise, bool kept, const char *condition, const char *file,
                        int line) {
    const struct engine_difference *difference = engine_difference(promise);

    within_promise = false;
    if ((kept && !faulted) == (difference == NULL))
        return;
    if (difference == NULL)
        print_error("%s: promise not kept: %s\n", promise, condition);
    else
        print_error("%s: %s keeps it now, though differences.c says: %s\n", promise, engine_name,
                    difference->reason);
    _fail(file, line);
}

void engine_faulted(unsigned long code) {
    faulted = true;
    if (!within_promise)
        fail_msg("a call of the engine faulted: 0x%08lX", code);
}

/* A line of this feature that no test asked for names a promise that does not exist. */
static int engine_unused_differences(const char *feature) {
    size_t length = strlen(feature);
    int unused = 0;

    for (size_t i = 0; i < engine_difference_count; i++) {
        const struct engine_difference *line = &engine_differences[i];
        if (consulted[i] || strcmp(line->engine, engine_name) != 0 ||
            strncmp(line->promise, feature, length) != 0 || line->promise[length] != '.')
            continue;
        print_error("differences.c: no test makes the promise %s\n", line->promise);
        unused++;
    }
    return unused;
}

/* ---- the run ---- */

enum engine_end engine_in_child(bool (*body)(void)) {
    return engine_in_child_heard(body, NULL, 0);
}

int engine_run(const char *feature, int argc, char **argv, const struct CMUnitTest *tests,
               size_t count) {
    int failed;

    if (argc != 2)
        engine_fail("usage: PROGRAM ENGINE-LIBRARY");
    if (engine_difference_count > DIFFERENCES_MAX)
        engine_fail("differences.c has more lines than DIFFERENCES_MAX");
    engine_load(argv[1]);
    sscanf(winheap_engine(), "%63s", engine_name);
    failed = _cmocka_run_group_tests(feature, tests, count, NULL, NULL);
    return failed + engine_unused_differences(feature) == 0 ? 0 : 1;
}
