/*
 * The shim's tests in C: return codes, order of calls, and that misuse becomes an error and not an
 * abort. What the output says is checked by test_output.lua. Takes under a second.
 */
#include "testing.h"

#include <stdio.h>

int testing_initialize(const char *const *options) {
    static char program[] = "testing";
    char texts[8][128];
    char *argv[10] = {program};
    int argc = 1;
    for (; options && options[argc - 1]; argc++) {
        snprintf(texts[argc - 1], sizeof texts[0], "%s", options[argc - 1]);
        argv[argc] = texts[argc - 1];
    }
    return gbench_initialize(&argc, argv);
}

int64_t testing_run(void) {
    assert_int_equal(testing_initialize((const char *[]){"--benchmark_min_time=0.0001", NULL}),
                     GBENCH_OK);
    return gbench_run();
}

int testing_shutdown(void **state) {
    (void)state;
    gbench_shutdown();
    return 0;
}

gbench_benchmark *testing_register(const char *key, gbench_function run, void *data) {
    gbench_benchmark *benchmark = NULL;
    assert_int_equal(gbench_register(key, run, data, &benchmark), GBENCH_OK);
    assert_non_null(benchmark);
    return benchmark;
}

int main(void) {
    return _cmocka_run_group_tests("state", state_tests, state_test_count, NULL, NULL) +
           _cmocka_run_group_tests("register", register_tests, register_test_count, NULL, NULL) +
           _cmocka_run_group_tests("process", process_tests, process_test_count, NULL, NULL);
}
