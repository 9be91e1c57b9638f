#include "testing.h"

#include <stdatomic.h>

static void spin(gbench_state *state, void *data) {
    (void)data;
    while (gbench_keep_running(state)) {
    }
}

/* ---- what registration refuses ---- */

static void keys_are_single_words_and_unique(void **unused) {
    (void)unused;
    assert_int_equal(gbench_register(NULL, spin, NULL, NULL), GBENCH_INVALID);
    assert_int_equal(gbench_register("", spin, NULL, NULL), GBENCH_INVALID);
    assert_int_equal(gbench_register("two words", spin, NULL, NULL), GBENCH_INVALID);
    assert_int_equal(gbench_register("a\nb", spin, NULL, NULL), GBENCH_INVALID);
    assert_int_equal(gbench_register("t/key", NULL, NULL, NULL), GBENCH_INVALID);
    assert_int_equal(gbench_register("t/key", spin, NULL, NULL), GBENCH_OK);
    assert_int_equal(gbench_register("t/key", spin, NULL, NULL), GBENCH_INVALID);
    assert_int_equal(testing_run(), 1);
}

static void contradictions_are_refused(void **unused) {
    (void)unused;
    gbench_benchmark *b = testing_register("t/a", spin, NULL);
    assert_int_equal(gbench_args(b, (const int64_t[]){1, 2}, 2), GBENCH_OK);
    assert_int_equal(gbench_args(b, (const int64_t[]){1}, 1), GBENCH_INVALID);
    assert_int_equal(gbench_args(b, (const int64_t[]){1}, 0), GBENCH_INVALID);
    assert_int_equal(gbench_add_range(b, 8, 64, 2), GBENCH_INVALID);
    assert_int_equal(gbench_fixed_iterations(b, 10), GBENCH_OK);
    assert_int_equal(gbench_min_time(b, 0.1), GBENCH_INVALID);
    assert_int_equal(gbench_manual_time(b), GBENCH_OK);
    assert_int_equal(gbench_real_time(b), GBENCH_INVALID);
    b = testing_register("t/b", spin, NULL);
    assert_int_equal(gbench_min_time(b, 0.001), GBENCH_OK);
    assert_int_equal(gbench_fixed_iterations(b, 10), GBENCH_INVALID);
    assert_int_equal(gbench_real_time(b), GBENCH_OK);
    assert_int_equal(gbench_manual_time(b), GBENCH_INVALID);
}

static void values_out_of_range_are_refused(void **unused) {
    (void)unused;
    gbench_benchmark *b = testing_register("t/values", spin, NULL);
    assert_int_equal(gbench_add_range(b, 8, 4, 2), GBENCH_INVALID);
    assert_int_equal(gbench_add_range(b, 8, 64, 1), GBENCH_INVALID);
    assert_int_equal(gbench_add_threads(b, 0), GBENCH_INVALID);
    assert_int_equal(gbench_fixed_iterations(b, 0), GBENCH_INVALID);
    assert_int_equal(gbench_min_time(b, 0), GBENCH_INVALID);
    assert_int_equal(gbench_repetitions(b, 0), GBENCH_INVALID);
    assert_int_equal(gbench_unit(b, "h"), GBENCH_INVALID);
    assert_int_equal(gbench_unit(b, NULL), GBENCH_INVALID);
    assert_int_equal(gbench_arg_names(b, (const char *[]){"two words"}, 1), GBENCH_INVALID);
    assert_int_equal(gbench_unit(b, "ms"), GBENCH_OK);
    assert_int_equal(testing_run(), 1);
}

static void a_withdrawn_benchmark_does_not_run(void **unused) {
    (void)unused;
    gbench_benchmark *b = testing_register("t/withdrawn", spin, NULL);
    assert_int_equal(gbench_withdraw(b), GBENCH_OK);
    assert_int_equal(testing_run(), 0);
    b = testing_register("t/withdrawn", spin, NULL);
    assert_int_equal(testing_run(), 1);
    assert_int_equal(gbench_withdraw(b), GBENCH_MISUSE);
}

/* ---- setup, teardown, threads ---- */

typedef struct threads_seen {
    atomic_int setups, teardowns, inside, entered, violations;
    atomic_uint indices; /* a bit for each thread index seen */
    int refuse;
} threads_seen;

static void threads_setup(gbench_state *state, void *data) {
    threads_seen *s = data;
    s->setups++;
    if (s->inside != 0 || gbench_thread_index(state) != 0)
        s->violations++;
    if (s->refuse)
        gbench_skip(state, "not today");
}

static void threads_run(gbench_state *state, void *data) {
    threads_seen *s = data;
    s->inside++;
    s->entered++;
    s->indices |= 1u << gbench_thread_index(state);
    if (s->setups != s->teardowns + 1)
        s->violations++;
    while (gbench_keep_running(state)) {
    }
    s->inside--;
}

static void threads_teardown(gbench_state *state, void *data) {
    threads_seen *s = data;
    s->teardowns++;
    if (s->inside != 0 || gbench_thread_index(state) != 0)
        s->violations++;
}

static void register_threads(threads_seen *s, int threads) {
    gbench_benchmark *b = testing_register("t/threads", threads_run, s);
    assert_int_equal(gbench_add_threads(b, threads), GBENCH_OK);
    assert_int_equal(gbench_setup(b, threads_setup), GBENCH_OK);
    assert_int_equal(gbench_teardown(b, threads_teardown), GBENCH_OK);
    assert_int_equal(gbench_fixed_iterations(b, 100), GBENCH_OK);
    assert_int_equal(gbench_repetitions(b, 20), GBENCH_OK);
}

static void setup_and_teardown_enclose_every_thread(void **unused) {
    (void)unused;
    threads_seen s = {0};
    register_threads(&s, 4);
    assert_int_equal(testing_run(), 1);
    assert_int_equal(s.setups, 20);
    assert_int_equal(s.teardowns, 20);
    assert_int_equal(s.entered, 80);
    assert_int_equal(s.indices, 15);
    assert_int_equal(s.violations, 0);
}

static void a_setup_that_skips_keeps_every_thread_out(void **unused) {
    (void)unused;
    threads_seen s = {.refuse = 1};
    register_threads(&s, 4);
    assert_int_equal(testing_run(), 1);
    assert_int_equal(s.setups, s.teardowns);
    assert_int_equal(s.entered, 0);
    assert_int_equal(s.violations, 0);
}

static void skip_on_one_thread(gbench_state *state, void *data) {
    threads_seen *s = data;
    s->entered++;
    if (gbench_thread_index(state) == 1) {
        gbench_skip(state, "thread 1 cannot");
        return;
    }
    while (gbench_keep_running(state)) {
    }
}

static void one_thread_that_skips_does_not_hang_the_others(void **unused) {
    (void)unused;
    threads_seen s = {0};
    gbench_benchmark *b = testing_register("t/one_skips", skip_on_one_thread, &s);
    assert_int_equal(gbench_add_threads(b, 3), GBENCH_OK);
    assert_int_equal(testing_run(), 1);
    assert_int_equal(s.entered, 3);
}

const struct CMUnitTest register_tests[] = {
    TESTING_TEST(keys_are_single_words_and_unique),
    TESTING_TEST(contradictions_are_refused),
    TESTING_TEST(values_out_of_range_are_refused),
    TESTING_TEST(a_withdrawn_benchmark_does_not_run),
    TESTING_TEST(setup_and_teardown_enclose_every_thread),
    TESTING_TEST(a_setup_that_skips_keeps_every_thread_out),
    TESTING_TEST(one_thread_that_skips_does_not_hang_the_others),
};
const size_t register_test_count = TESTING_COUNT(register_tests);
