#include "testing.h"

#include <provenance.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void spin(gbench_state *state, void *data) {
    (void)data;
    while (gbench_keep_running(state)) {
    }
}

/* ---- options and runs ---- */

static void initialize_leaves_what_it_does_not_know(void **unused) {
    (void)unused;
    char program[] = "p", ours[] = "--benchmark_min_time=0.001", theirs[] = "--theirs=1";
    char *argv[] = {program, theirs, ours, NULL};
    int argc = 3;
    assert_int_equal(gbench_initialize(&argc, argv), GBENCH_OK);
    assert_int_equal(argc, 2);
    assert_string_equal(argv[0], "p");
    assert_string_equal(argv[1], "--theirs=1");
}

static void refused_options_return_instead_of_exiting(void **unused) {
    (void)unused;
    assert_int_equal(testing_initialize((const char *[]){"--benchmark_format=xml", NULL}),
                     GBENCH_FAILED);
    assert_non_null(strstr(gbench_error(), "google-benchmark refuses"));
    assert_int_equal(testing_initialize((const char *[]){"--benchmark_format=console", NULL}),
                     GBENCH_OK);
}

static void a_filter_that_matches_nothing_counts_nothing(void **unused) {
    (void)unused;
    testing_register("t/one", spin, NULL);
    testing_register("t/two", spin, NULL);
    const char *none[] = {"--benchmark_filter=nosuch", "--benchmark_min_time=0.0001", NULL};
    assert_int_equal(testing_initialize(none), GBENCH_OK);
    assert_int_equal(gbench_run(), 0);
    const char *one[] = {"--benchmark_filter=tw", NULL};
    assert_int_equal(testing_initialize(one), GBENCH_OK);
    assert_int_equal(gbench_run(), 1);
    assert_int_equal(testing_initialize((const char *[]){"--benchmark_filter=all", NULL}),
                     GBENCH_OK);
    assert_int_equal(gbench_run(), 2);
}

static void an_output_that_cannot_be_written_is_an_error(void **unused) {
    (void)unused;
    testing_register("t/out", spin, NULL);
    const char *missing[] = {"--benchmark_out=/nonexistent/x", "--benchmark_min_time=0.0001", NULL};
    assert_int_equal(testing_initialize(missing), GBENCH_OK);
    assert_int_equal(gbench_run(), GBENCH_FAILED);
    assert_non_null(strstr(gbench_error(), "/nonexistent/x"));
    assert_int_equal(testing_initialize((const char *[]){"--benchmark_out=/dev/full", NULL}),
                     GBENCH_OK);
    assert_int_equal(gbench_run(), GBENCH_FAILED);
    assert_non_null(strstr(gbench_error(), "/dev/full"));
    assert_int_equal(testing_initialize((const char *[]){"--benchmark_out=", NULL}), GBENCH_OK);
    assert_int_equal(gbench_run(), 1);
}

static void run_again(gbench_state *state, void *data) {
    *(int64_t *)data = gbench_run();
    spin(state, NULL);
}

static void a_run_inside_a_benchmark_is_refused(void **unused) {
    (void)unused;
    int64_t result = 0;
    testing_register("t/nested", run_again, &result);
    assert_int_equal(testing_run(), 1);
    assert_int_equal(result, GBENCH_MISUSE);
}

static void context_is_set_before_the_first_run(void **unused) {
    (void)unused;
    testing_register("t/context", spin, NULL);
    assert_int_equal(gbench_context("two words", "x"), GBENCH_INVALID);
    assert_int_equal(gbench_context("key", NULL), GBENCH_INVALID);
    assert_int_equal(gbench_context("key", "first"), GBENCH_OK);
    assert_int_equal(gbench_context("key", "second"), GBENCH_OK);
    assert_int_equal(testing_run(), 1);
    assert_int_equal(gbench_context("key", "third"), GBENCH_MISUSE);
}

/* ---- provenance ---- */

static void a_symbol_leads_to_its_library(void **unused) {
    (void)unused;
    gbench_library library;
    assert_int_equal(gbench_library_of_symbol("cos", &library), 0);
    assert_non_null(strstr(library.path, "/libm.so.6"));
    assert_int_equal(strlen(library.build_id), 40);
    assert_int_equal(gbench_library_of_symbol("no_such_symbol_here", &library), -1);
}

static void an_address_leads_to_the_program_itself(void **unused) {
    (void)unused;
    gbench_library library;
    char self[PATH_MAX];
    assert_non_null(realpath("/proc/self/exe", self));
    assert_int_equal(gbench_library_of_address(state_tests, &library), 0);
    assert_string_equal(library.path, self);
    assert_int_equal(strlen(library.build_id), 40);
    int on_the_stack;
    assert_int_equal(gbench_library_of_address(&on_the_stack, &library), -1);
}

static void touched_pages_show_in_peak_and_faults(void **unused) {
    (void)unused;
    const size_t size = (size_t)64 << 20;
    char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    madvise(pages, size, MADV_NOHUGEPAGE);
    int64_t faults = gbench_minor_faults(), peak = gbench_vm_hwm();
    assert_true(peak > 0);
    for (size_t i = 0; i < size; i += 4096)
        pages[i] = 1;
    assert_true(gbench_minor_faults() - faults >= (int64_t)size / 4096);
    assert_true(gbench_vm_hwm() - peak >= (int64_t)size * 9 / 10);
    munmap(pages, size);
}

const struct CMUnitTest process_tests[] = {
    TESTING_TEST(initialize_leaves_what_it_does_not_know),
    TESTING_TEST(refused_options_return_instead_of_exiting),
    TESTING_TEST(a_filter_that_matches_nothing_counts_nothing),
    TESTING_TEST(an_output_that_cannot_be_written_is_an_error),
    TESTING_TEST(a_run_inside_a_benchmark_is_refused),
    TESTING_TEST(context_is_set_before_the_first_run),
    TESTING_TEST(a_symbol_leads_to_its_library),
    TESTING_TEST(an_address_leads_to_the_program_itself),
    TESTING_TEST(touched_pages_show_in_peak_and_faults),
};
const size_t process_test_count = TESTING_COUNT(process_tests);
