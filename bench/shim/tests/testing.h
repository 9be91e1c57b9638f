/* What the shim's C tests share: cmocka, and runs without a file between start and end. */
#ifndef GBENCH_TESTING_H
#define GBENCH_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gbench.h>

/* Initialises with these options (NULL-terminated, without argv[0]); the return code. */
int testing_initialize(const char *const *options);

/* Initialises with a short minimum time, runs everything registered, and returns gbench_run's. */
int64_t testing_run(void);

/* cmocka teardown: forgets registrations. */
int testing_shutdown(void **state);

/* Registers a benchmark, or fails the test. */
gbench_benchmark *testing_register(const char *key, gbench_function run, void *data);

extern const struct CMUnitTest state_tests[], register_tests[], process_tests[];
extern const size_t state_test_count, register_test_count, process_test_count;

#define TESTING_TEST(function) cmocka_unit_test_teardown(function, testing_shutdown)
#define TESTING_COUNT(tests) (sizeof(tests) / sizeof((tests)[0]))

#endif
