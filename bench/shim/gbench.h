/*
 * A C API over google-benchmark 1.7.1: register functions, run them, get its JSON.
 *
 * It needs no C++ header, reports errors as return codes and lets no exception out. It also makes
 * harmless what the library does unexpectedly:
 *  - names: the library appends "/iterations:…/threads:…" to a name. Here the name that is reported
 *    is the benchmark's key, and the label starts with the same key.
 *  - setup and teardown take user data, and may skip the run.
 *  - a function that returns early, pauses twice or never sets its manual time would abort the
 *    process or run for ever; here its run is reported as an error.
 *  - a filter that matches nothing is seen: gbench_run() returns the number of benchmarks run.
 *  - NaN and Infinity, which are not JSON, never reach the output.
 *  - "library_build_type" is always "debug" with Debian's library: heaplab_build_type in the
 *    context is how libgbench was built.
 *
 * Each run of a benchmark carries the counters vm_hwm (bytes, the process's peak resident size so
 * far), minor_faults (in the measured loop, summed over threads) and operations (iterations of this
 * run, summed over threads). The context carries heaplab_build_type, heaplab_malloc_path,
 * heaplab_malloc_build_id and heaplab_benchmark_library.
 *
 * Life: gbench_initialize, gbench_register …, gbench_run, gbench_shutdown, all from one thread. The
 * functions of a gbench_state belong to the benchmark function that was given it, on its thread.
 */
#ifndef GBENCH_H
#define GBENCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GBENCH_API __attribute__((visibility("default")))

/* Return codes: 0 or one of these. gbench_error() has the words. */
#define GBENCH_OK 0
#define GBENCH_INVALID (-1)   /* an argument that no call accepts */
#define GBENCH_MISUSE (-2)    /* a call that does not fit the moment, such as pausing twice */
#define GBENCH_NO_MEMORY (-3) /* out of memory */
#define GBENCH_FAILED (-4)    /* the library or the system failed */

/* The calling thread's message for its last failed call; "" before the first. */
GBENCH_API const char *gbench_error(void);

/* ---- state: what a benchmark function is given ---- */

typedef struct gbench_state {
    int64_t remaining; /* private: iterations handed out by the library, not yet begun */
} gbench_state;

/* Private: the rare ends of the two functions below. */
GBENCH_API int gbench_refill(gbench_state *state, int64_t n);

/*
 * One more iteration? `while (gbench_keep_running(state)) { … }` is the measured loop. The first
 * call starts the clock, the one that returns 0 stops it. Costs a decrement and a branch.
 */
static inline int gbench_keep_running(gbench_state *state) {
    if (__builtin_expect(state->remaining > 0, 1)) {
        state->remaining--;
        return 1;
    }
    return gbench_refill(state, 1);
}

/*
 * As gbench_keep_running, for n iterations at once (n ≥ 1): the body must do n operations. The last
 * batch may go beyond the planned iterations; they are counted.
 */
static inline int gbench_keep_running_batch(gbench_state *state, int64_t n) {
    if (__builtin_expect(n > 0 && state->remaining >= n, 1)) {
        state->remaining -= n;
        return 1;
    }
    return gbench_refill(state, n);
}

/*
 * All iterations that are left, at once, and 0 when none is. For bodies of a few nanoseconds, where
 * even a count in memory would show:
 *     for (int64_t n; (n = gbench_claim(state)) > 0;)
 *         for (; n > 0; n--) { … }
 * The clock starts with the first call and stops with the one that returns 0.
 */
GBENCH_API int64_t gbench_claim(gbench_state *state);

/* Makes the compiler believe that what p points to is read and all memory changed. No code. */
static inline void gbench_use(const void *p) {
    __asm__ volatile("" : : "r"(p) : "memory");
}

/* Stops the clock inside the loop. MISUSE outside the loop or when stopped. About 1 µs. */
GBENCH_API int gbench_pause(gbench_state *state);

/* Starts the clock again. MISUSE unless gbench_pause stopped it. */
GBENCH_API int gbench_resume(gbench_state *state);

/* Argument `index` (from 0) of this run in *value. INVALID when there are fewer. */
GBENCH_API int gbench_range(const gbench_state *state, size_t index, int64_t *value);

/* Iterations this run is to do, per thread. */
GBENCH_API int64_t gbench_max_iterations(const gbench_state *state);

/* Iterations begun so far in this run, on this thread; 0 before the loop. */
GBENCH_API int64_t gbench_iterations(const gbench_state *state);

/* How many threads run this benchmark, and which one this is (from 0). */
GBENCH_API int gbench_threads(const gbench_state *state);
GBENCH_API int gbench_thread_index(const gbench_state *state);

/*
 * What a counter's value becomes in the output; kinds combine by |. Over threads values are summed.
 */
typedef enum gbench_counter_kind {
    GBENCH_VALUE = 0,
    GBENCH_RATE = 1 << 0,                /* divided by the run's seconds */
    GBENCH_AVG_THREADS = 1 << 1,         /* divided by the threads */
    GBENCH_ITERATION_INVARIANT = 1 << 2, /* multiplied by the iterations */
    GBENCH_AVG_ITERATIONS = 1 << 3,      /* divided by the iterations */
    GBENCH_INVERSE = 1 << 4              /* the reciprocal, last of all */
} gbench_counter_kind;

/*
 * Sets a counter of this run. kind: gbench_counter_kind values combined. INVALID for NaN and
 * infinities, for an empty name, and for the names of the automatic counters.
 */
GBENCH_API int gbench_counter(gbench_state *state, const char *name, double value, unsigned kind);

/* Bytes (items) processed by all iterations of this thread; reported per second. ≥ 0. */
GBENCH_API int gbench_bytes(gbench_state *state, int64_t bytes);
GBENCH_API int gbench_items(gbench_state *state, int64_t items);

/* Text behind the key in the label. With threads the last one set stands. */
GBENCH_API int gbench_label(gbench_state *state, const char *text);

/*
 * Reports this run as an error with this message instead of a time. The loop ends at the next
 * gbench_keep_running; leave it before then if the body cannot go on.
 */
GBENCH_API int gbench_skip(gbench_state *state, const char *message);

/* Adds seconds (finite, ≥ 0) to the run's manual time; only with gbench_manual_time. */
GBENCH_API int gbench_set_iteration_time(gbench_state *state, double seconds);

/* ---- registration ---- */

typedef struct gbench_benchmark gbench_benchmark; /* valid until gbench_shutdown */

/* A benchmark function, and setup and teardown. */
typedef void (*gbench_function)(gbench_state *state, void *data);

/*
 * Registers a benchmark under its key: one word, unique, in the form
 * CALLER/WORKLOAD/strategy=NAME/k=v/… *out may be NULL; else it receives the handle for the
 * functions below. data goes to run, setup and teardown and must live until gbench_shutdown.
 */
GBENCH_API int gbench_register(const char *key, gbench_function run, void *data,
                               gbench_benchmark **out);

/* Takes a registration back; its handle is gone. MISUSE once it has been given to a run. */
GBENCH_API int gbench_withdraw(gbench_benchmark *benchmark);

/*
 * Adds one instance of the benchmark with these arguments. Every call for one benchmark must give
 * the same count. An instance's key is the key, then "/NAME=VALUE" for each argument.
 */
GBENCH_API int gbench_args(gbench_benchmark *benchmark, const int64_t *values, size_t count);

/*
 * Adds one instance with a single argument for low, high and the powers of multiplier (≥ 2)
 * between them.
 */
GBENCH_API int gbench_add_range(gbench_benchmark *benchmark, int64_t low, int64_t high,
                                int multiplier);

/* Names of the arguments in keys. An argument without one is called arg0, arg1, … */
GBENCH_API int gbench_arg_names(gbench_benchmark *benchmark, const char *const *names,
                                size_t count);

/*
 * Runs the benchmark with this many threads (≥ 1), once per call with another number. Keys of more
 * than one thread end in "/threads=N". real_time in the output is divided by the threads.
 */
GBENCH_API int gbench_add_threads(gbench_benchmark *benchmark, int threads);

/* Exactly n iterations (≥ 1) per run instead of a search. Not together with min_time. */
GBENCH_API int gbench_fixed_iterations(gbench_benchmark *benchmark, int64_t n);

/* Seconds (> 0) that a run must last, instead of --benchmark_min_time. */
GBENCH_API int gbench_min_time(gbench_benchmark *benchmark, double seconds);

/* Runs to report (≥ 1), instead of --benchmark_repetitions. */
GBENCH_API int gbench_repetitions(gbench_benchmark *benchmark, int n);

/* Time is what gbench_set_iteration_time says. Not together with real time. */
GBENCH_API int gbench_manual_time(gbench_benchmark *benchmark);

/* Wall time instead of CPU time decides how long a run lasts and divides rates. */
GBENCH_API int gbench_real_time(gbench_benchmark *benchmark);

/* CPU time is that of all threads of the process, and not of the benchmark's alone. */
GBENCH_API int gbench_process_time(gbench_benchmark *benchmark);

/* Unit of the times in the output: "ns", "us", "ms" or "s". */
GBENCH_API int gbench_unit(gbench_benchmark *benchmark, const char *unit);

/*
 * Called around each run of the benchmark function (every repetition and every step of the search
 * for an iteration count), on thread 0: setup before any thread enters the function, teardown after
 * every thread has left it. gbench_skip in setup keeps every thread out of the function; teardown
 * is called all the same. Only range, threads, label and skip make sense there.
 */
GBENCH_API int gbench_setup(gbench_benchmark *benchmark, gbench_function setup);
GBENCH_API int gbench_teardown(gbench_benchmark *benchmark, gbench_function teardown);

/* ---- process ---- */

/*
 * Takes the --benchmark_* options out of argv, as google-benchmark documents them; argv[0] and
 * what was not recognised remain, and *argc says how many. An option keeps its value until it is
 * given again, beyond gbench_shutdown even. FAILED for an option value that the
 * library refuses, and for --help.
 */
GBENCH_API int gbench_initialize(int *argc, char **argv);

/* Sets a key of the output's context; a later value replaces an earlier one. MISUSE after a run. */
GBENCH_API int gbench_context(const char *key, const char *value);

/*
 * Runs what is registered and matches --benchmark_filter. Returns how many benchmarks that were
 * (0 is for the caller to judge), or a negative return code: FAILED when the output file cannot be
 * written, MISUSE inside a benchmark.
 */
GBENCH_API int64_t gbench_run(void);

/* Forgets every registration and ends the library's life in this process. */
GBENCH_API void gbench_shutdown(void);

#ifdef __cplusplus
}
#endif

#endif
