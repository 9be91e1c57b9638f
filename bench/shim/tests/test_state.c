#include "testing.h"

#include <math.h>
#include <string.h>

/* What a benchmark function has seen. */
typedef struct seen {
    int64_t calls, operations, iterations, maximum;
    int codes[8];
} seen;

/* ---- iterations ---- */

static void count_singly(gbench_state *state, void *data) {
    seen *s = data;
    s->calls++;
    s->maximum = gbench_max_iterations(state);
    while (gbench_keep_running(state)) {
        s->operations++;
        if (gbench_iterations(state) != s->operations)
            s->codes[0]++;
    }
    s->iterations = gbench_iterations(state);
}

static void keep_running_does_the_fixed_iterations(void **unused) {
    (void)unused;
    const int64_t counts[] = {1, 2, 3, 1000};
    for (size_t i = 0; i < TESTING_COUNT(counts); i++) {
        seen s = {0};
        gbench_benchmark *b = testing_register("t/fixed", count_singly, &s);
        assert_int_equal(gbench_fixed_iterations(b, counts[i]), GBENCH_OK);
        assert_int_equal(testing_run(), 1);
        assert_int_equal(s.calls, 1);
        assert_int_equal(s.operations, counts[i]);
        assert_int_equal(s.maximum, counts[i]);
        assert_int_equal(s.iterations, counts[i]);
        assert_int_equal(s.codes[0], 0);
        gbench_shutdown();
    }
}

static void count_in_batches(gbench_state *state, void *data) {
    seen *s = data;
    while (gbench_keep_running_batch(state, 7))
        s->operations += 7;
    s->iterations = gbench_iterations(state);
}

static void a_batch_beyond_the_plan_is_counted(void **unused) {
    (void)unused;
    const int64_t counts[] = {1, 6, 7, 8, 13, 14, 15};
    for (size_t i = 0; i < TESTING_COUNT(counts); i++) {
        seen s = {0};
        gbench_benchmark *b = testing_register("t/batch", count_in_batches, &s);
        assert_int_equal(gbench_fixed_iterations(b, counts[i]), GBENCH_OK);
        assert_int_equal(testing_run(), 1);
        assert_int_equal(s.operations, (counts[i] + 6) / 7 * 7);
        assert_int_equal(s.iterations, s.operations);
        gbench_shutdown();
    }
}

static void claim_everything(gbench_state *state, void *data) {
    seen *s = data;
    for (int64_t n; (n = gbench_claim(state)) > 0; s->calls++)
        for (; n > 0; n--)
            s->operations++;
    s->iterations = gbench_iterations(state);
}

static void claim_gives_every_iteration_once(void **unused) {
    (void)unused;
    const int64_t counts[] = {1, 2, 1000};
    for (size_t i = 0; i < TESTING_COUNT(counts); i++) {
        seen s = {0};
        gbench_benchmark *b = testing_register("t/claim", claim_everything, &s);
        assert_int_equal(gbench_fixed_iterations(b, counts[i]), GBENCH_OK);
        assert_int_equal(testing_run(), 1);
        assert_int_equal(s.calls, 1);
        assert_int_equal(s.operations, counts[i]);
        assert_int_equal(s.iterations, counts[i]);
        gbench_shutdown();
    }
}

static void empty_batch(gbench_state *state, void *data) {
    seen *s = data;
    while (gbench_keep_running_batch(state, 0))
        s->operations++;
}

static void an_empty_batch_is_an_error_and_not_endless(void **unused) {
    (void)unused;
    seen s = {0};
    testing_register("t/empty_batch", empty_batch, &s);
    assert_int_equal(testing_run(), 1);
    assert_int_equal(s.operations, 0);
}

/* ---- misuse: each of these would abort the process inside libbenchmark ---- */

static void returns_early(gbench_state *state, void *data) {
    (void)data;
    gbench_keep_running(state);
}

static void leaves_the_clock_stopped(gbench_state *state, void *data) {
    seen *s = data;
    while (gbench_keep_running(state)) {
        if (s->operations++ > 0)
            continue;
        s->codes[0] = gbench_resume(state);
        s->codes[1] = gbench_pause(state);
        s->codes[2] = gbench_pause(state);
    }
}

static void pauses_outside_the_loop(gbench_state *state, void *data) {
    seen *s = data;
    s->codes[0] = gbench_pause(state);
    while (gbench_keep_running(state)) {
        s->codes[1] = gbench_pause(state);
        s->codes[2] = gbench_resume(state);
    }
    s->codes[3] = gbench_pause(state);
    s->codes[4] = gbench_keep_running(state);
}

static void misuse_does_not_abort(void **unused) {
    (void)unused;
    seen paused = {0}, after = {0};
    testing_register("t/early", returns_early, NULL);
    gbench_benchmark *b = testing_register("t/stopped", leaves_the_clock_stopped, &paused);
    assert_int_equal(gbench_fixed_iterations(b, 5), GBENCH_OK);
    b = testing_register("t/after", count_singly, &after);
    assert_int_equal(gbench_fixed_iterations(b, 5), GBENCH_OK);
    assert_int_equal(testing_run(), 3);
    assert_int_equal(paused.codes[0], GBENCH_MISUSE);
    assert_int_equal(paused.codes[1], GBENCH_OK);
    assert_int_equal(paused.codes[2], GBENCH_MISUSE);
    /* 5 iterations are handed out at once; the stopped clock shows when they are used up. */
    assert_int_equal(paused.operations, 5);
    assert_int_equal(after.operations, 5);
}

static void pausing_outside_the_loop_is_refused(void **unused) {
    (void)unused;
    seen s = {0};
    testing_register("t/outside", pauses_outside_the_loop, &s);
    assert_int_equal(testing_run(), 1);
    assert_int_equal(s.codes[0], GBENCH_MISUSE);
    assert_int_equal(s.codes[1], GBENCH_OK);
    assert_int_equal(s.codes[2], GBENCH_OK);
    assert_int_equal(s.codes[3], GBENCH_MISUSE);
    assert_int_equal(s.codes[4], 0);
}

static void never_sets_its_time(gbench_state *state, void *data) {
    seen *s = data;
    s->calls++;
    while (gbench_keep_running(state))
        s->operations++;
    s->codes[0] = gbench_set_iteration_time(state, NAN);
    s->codes[1] = gbench_set_iteration_time(state, -1);
}

static void manual_time_that_is_never_set_ends_the_search(void **unused) {
    (void)unused;
    seen s = {0};
    gbench_benchmark *b = testing_register("t/manual", never_sets_its_time, &s);
    assert_int_equal(gbench_manual_time(b), GBENCH_OK);
    assert_int_equal(testing_run(), 1);
    assert_int_equal(s.calls, 1);
    assert_int_equal(s.codes[0], GBENCH_INVALID);
    assert_int_equal(s.codes[1], GBENCH_INVALID);
}

static void sets_a_time_nobody_asked_for(gbench_state *state, void *data) {
    seen *s = data;
    while (gbench_keep_running(state)) {
    }
    s->codes[0] = gbench_set_iteration_time(state, 1);
}

static void iteration_time_needs_manual_time(void **unused) {
    (void)unused;
    seen s = {0};
    testing_register("t/no_manual", sets_a_time_nobody_asked_for, &s);
    assert_int_equal(testing_run(), 1);
    assert_int_equal(s.codes[0], GBENCH_MISUSE);
}

static void skips_in_its_loop(gbench_state *state, void *data) {
    seen *s = data;
    s->calls++;
    while (gbench_keep_running(state))
        if (++s->operations == 3)
            gbench_skip(state, "no more");
}

static void skip_ends_the_loop_and_the_search(void **unused) {
    (void)unused;
    seen s = {0};
    gbench_benchmark *b = testing_register("t/skip", skips_in_its_loop, &s);
    assert_int_equal(gbench_fixed_iterations(b, 1000), GBENCH_OK);
    assert_int_equal(testing_run(), 1);
    assert_int_equal(s.calls, 1);
    assert_int_equal(s.operations, 3);
}

/* ---- values ---- */

static void sets_counters(gbench_state *state, void *data) {
    seen *s = data;
    while (gbench_keep_running(state)) {
    }
    s->codes[0] = gbench_counter(state, "fine", 1.5, GBENCH_RATE | GBENCH_INVERSE);
    s->codes[1] = gbench_counter(state, "nan", NAN, GBENCH_VALUE);
    s->codes[2] = gbench_counter(state, "infinite", -INFINITY, GBENCH_VALUE);
    s->codes[3] = gbench_counter(state, "", 1, GBENCH_VALUE);
    s->codes[4] = gbench_counter(state, "vm_hwm", 1, GBENCH_VALUE);
    s->codes[5] = gbench_counter(state, "kind", 1, 1u << 20);
    s->codes[6] = gbench_bytes(state, -1);
    s->codes[7] = gbench_items(state, -1);
}

static void counters_that_json_cannot_hold_are_refused(void **unused) {
    (void)unused;
    seen s = {0};
    testing_register("t/counters", sets_counters, &s);
    assert_int_equal(testing_run(), 1);
    assert_int_equal(s.codes[0], GBENCH_OK);
    for (size_t i = 1; i < TESTING_COUNT(s.codes); i++)
        assert_int_equal(s.codes[i], GBENCH_INVALID);
    assert_non_null(strstr(gbench_error(), "items"));
}

static void asks_for_arguments(gbench_state *state, void *data) {
    seen *s = data;
    int64_t value = -1;
    s->codes[0] = gbench_range(state, 1, &value);
    s->operations += value;
    s->codes[1] = gbench_range(state, 2, &value);
    while (gbench_keep_running(state)) {
    }
}

static void range_gives_arguments_and_refuses_others(void **unused) {
    (void)unused;
    seen s = {0};
    gbench_benchmark *b = testing_register("t/range", asks_for_arguments, &s);
    assert_int_equal(gbench_args(b, (const int64_t[]){1, 20}, 2), GBENCH_OK);
    assert_int_equal(gbench_args(b, (const int64_t[]){1, 300}, 2), GBENCH_OK);
    assert_int_equal(gbench_fixed_iterations(b, 1), GBENCH_OK);
    assert_int_equal(testing_run(), 2);
    assert_int_equal(s.codes[0], GBENCH_OK);
    assert_int_equal(s.codes[1], GBENCH_INVALID);
    assert_int_equal(s.operations, 320);
}

const struct CMUnitTest state_tests[] = {
    TESTING_TEST(keep_running_does_the_fixed_iterations),
    TESTING_TEST(a_batch_beyond_the_plan_is_counted),
    TESTING_TEST(claim_gives_every_iteration_once),
    TESTING_TEST(an_empty_batch_is_an_error_and_not_endless),
    TESTING_TEST(misuse_does_not_abort),
    TESTING_TEST(pausing_outside_the_loop_is_refused),
    TESTING_TEST(manual_time_that_is_never_set_ends_the_search),
    TESTING_TEST(iteration_time_needs_manual_time),
    TESTING_TEST(skip_ends_the_loop_and_the_search),
    TESTING_TEST(counters_that_json_cannot_hold_are_refused),
    TESTING_TEST(range_gives_arguments_and_refuses_others),
};
const size_t state_test_count = TESTING_COUNT(state_tests);
