/*
 * The engine when the system says no: whichever of its system calls fails, and from whichever on
 * they all do, each call of the API succeeds or fails as documented, blocks keep their contents,
 * heaps stay sound, the engine works again as soon as the system does, and nothing is lost.
 *
 * Each failure has a process of its own, this program with a variable, for some of the calls are
 * made when the engine is loaded. It lives the scenario twice, the second time without failures;
 * what is mapped then is at most what is mapped after two lives without any.
 */
#include "syscalls_scenario.h"
#include "syscalls_wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static const char *program;

/* What a process prints: its calls in the first life, and what both lives have left. */
struct outcome {
    int status; /* as wait gives it */
    size_t calls, failed, refused, mapped, stranded;
};

static size_t calls_before_main;

/* ---- the process of one failure ---- */

static int live_twice(void) {
    size_t refused, calls, again, k = wrap.k;

    calls_before_main = wrap.calls;
    refused = scenario_live();
    calls = wrap.calls;
    wrap.mode = WRAP_NONE;
    again = scenario_live();
    printf("%zu %zu %zu %zu %zu\n", calls, wrap.failed, refused, wrap.mapped, wrap.stranded);
    if (again == 0 || k <= calls_before_main)
        return SCENARIO_PASSED;
    fprintf(stderr, "%zu calls refused when memory was there again\n", again);
    return SCENARIO_BROKEN;
}

/* ---- the processes of all failures ---- */

static struct outcome outcome_of(enum wrap_mode mode, size_t k) {
    struct outcome outcome = {0};
    char command[4096], treatment[64];
    FILE *output;

    snprintf(treatment, sizeof treatment, "%d %zu", (int)mode, k);
    setenv("SYSCALLS", treatment, 1);
    snprintf(command, sizeof command, "exec '%s' lives", program);
    output = popen(command, "r"); // NOLINT(cert-env33-c): our own name
    assert_non_null(output);
    if (fscanf(output, "%zu %zu %zu %zu %zu", &outcome.calls, &outcome.failed, &outcome.refused,
               &outcome.mapped, &outcome.stranded) != 5)
        outcome.calls = 0;
    outcome.status = pclose(output);
    return outcome;
}

static struct outcome unharmed(void) {
    struct outcome outcome = outcome_of(WRAP_NONE, 0);

    assert_int_equal(outcome.status, 0);
    assert_int_equal(outcome.failed + outcome.refused + outcome.stranded, 0);
    assert_true(outcome.calls > 50);
    return outcome;
}

static bool leaks(const struct outcome *outcome, const struct outcome *sound) {
    return outcome->mapped > sound->mapped + outcome->stranded;
}

static void assert_clean(const struct outcome *outcome, const struct outcome *sound,
                         enum wrap_mode mode, size_t k) {
    if (outcome->status == 0 && !leaks(outcome, sound))
        return;
    print_error("SYSCALLS='%d %zu' %s lives: status %d, %zu calls failed, %zu bytes mapped, "
                "%zu without failures, %zu not unmapped\n",
                (int)mode, k, program, outcome->status, outcome->failed, outcome->mapped,
                sound->mapped, outcome->stranded);
    fail();
}

/* Where mappings fall decides over a call more or less, and the last ones are munmap. */
enum { FEW_CALLS = 16 };

static void every_failure_is_clean(enum wrap_mode mode) {
    struct outcome sound = unharmed();
    size_t refused = 0, failed = 0;

    for (size_t k = 1; k <= sound.calls; k++) {
        struct outcome outcome = outcome_of(mode, k);
        assert_clean(&outcome, &sound, mode, k);
        failed += outcome.failed != 0;
        refused += outcome.refused;
    }
    print_message("%zu of %zu calls failed, %zu refused in turn\n", failed, sound.calls, refused);
    assert_true(refused > 0 && failed + FEW_CALLS >= sound.calls);
}

static void a_call_that_fails_is_survived(void **state) {
    (void)state;
    every_failure_is_clean(WRAP_ONCE);
}

static void calls_that_all_fail_are_survived(void **state) {
    (void)state;
    every_failure_is_clean(WRAP_ALL);
}

static void memory_that_runs_out_is_survived(void **state) {
    (void)state;
    every_failure_is_clean(WRAP_SCARCE);
}

/* ---- controls: faults of an engine, each of which must be seen where it is planted ---- */

enum { ENOUGH_FAULTS = 5 };

static void every_fault_is_seen(enum wrap_mode fault, bool (*seen)(const struct outcome *outcome,
                                                                   const struct outcome *sound)) {
    struct outcome sound = unharmed();
    size_t planted = 0;

    for (size_t k = 1; k <= sound.calls && planted < ENOUGH_FAULTS; k++) {
        struct outcome outcome = outcome_of(fault, k);
        bool harmless = outcome.status == 0 && outcome.failed == 0; /* not a call of that kind */
        planted += !harmless;
        if (!harmless && !seen(&outcome, &sound))
            assert_clean(&outcome, &(struct outcome){0}, fault, k);
    }
    assert_int_equal(planted, ENOUGH_FAULTS);
}

static void a_forgotten_unmap_is_seen(void **state) {
    (void)state;
    every_fault_is_seen(WRAP_LEAK, leaks);
}

static bool damaged(const struct outcome *outcome, const struct outcome *sound) {
    (void)sound;
    return WIFEXITED(outcome->status) && WEXITSTATUS(outcome->status) == SCENARIO_DAMAGED;
}

static void a_move_that_loses_pages_is_seen(void **state) {
    (void)state;
    every_fault_is_seen(WRAP_LOSE, damaged);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_call_that_fails_is_survived),
                                       cmocka_unit_test(calls_that_all_fail_are_survived),
                                       cmocka_unit_test(memory_that_runs_out_is_survived),
                                       cmocka_unit_test(a_forgotten_unmap_is_seen),
                                       cmocka_unit_test(a_move_that_loses_pages_is_seen)};

    if (argc > 1)
        return live_twice();
    program = argv[0];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
