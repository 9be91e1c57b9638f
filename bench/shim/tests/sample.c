/* Benchmarks whose output test_output.lua knows; their values do not depend on speed. */
#include <gbench.h>

#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#define PAGES 64

static void spin(gbench_state *state) {
    while (gbench_keep_running(state)) {
    }
}

static void plain(gbench_state *state, void *data) {
    (void)data;
    spin(state);
    gbench_label(state, "a \"quoted\" label");
    gbench_counter(state, "value", 2.5, GBENCH_VALUE);
    gbench_counter(state, "per_iteration", 300, GBENCH_AVG_ITERATIONS);
}

static void arguments(gbench_state *state, void *data) {
    int64_t size = 0;
    (void)data;
    gbench_range(state, 0, &size);
    spin(state);
    gbench_counter(state, "size", (double)size, GBENCH_VALUE);
}

static void threads(gbench_state *state, void *data) {
    (void)data;
    spin(state);
    gbench_counter(state, "sum", 1, GBENCH_VALUE);
    gbench_counter(state, "average", 7, GBENCH_AVG_THREADS);
}

static void labels(gbench_state *state, void *data) {
    static int count;
    char text[16];
    (void)data;
    spin(state);
    snprintf(text, sizeof text, "run %d", ++count);
    gbench_label(state, text);
}

/* Half a second per iteration, says the benchmark. */
static void manual(gbench_state *state, void *data) {
    (void)data;
    while (gbench_keep_running(state))
        gbench_set_iteration_time(state, 0.5);
    gbench_bytes(state, 4096);
    gbench_items(state, 100);
    gbench_counter(state, "seconds_per_unit", 100, GBENCH_RATE | GBENCH_INVERSE);
}

/* No time at all: every rate is infinite and every variation 0/0. */
static void timeless(gbench_state *state, void *data) {
    (void)data;
    while (gbench_keep_running(state))
        gbench_set_iteration_time(state, 0);
    gbench_counter(state, "rate", 1, GBENCH_RATE);
}

static void faults(gbench_state *state, void *data) {
    (void)data;
    while (gbench_keep_running(state)) {
        char *pages =
            mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages == MAP_FAILED) {
            gbench_skip(state, "mmap failed");
            return;
        }
        madvise(pages, PAGES * 4096, MADV_NOHUGEPAGE);
        for (size_t i = 0; i < PAGES; i++)
            pages[i * 4096] = 1;
        munmap(pages, PAGES * 4096);
    }
}

/* Uses 20 ms of CPU time by its own clock. */
static void *burn(void *data) {
    struct timespec used;
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    while (used.tv_sec == 0 && used.tv_nsec < 20000000);
    return data;
}

static void waits(gbench_state *state, void *data) {
    (void)data;
    while (gbench_keep_running(state)) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, burn, NULL) == 0)
            pthread_join(thread, NULL);
    }
}

static void refuses(gbench_state *state, void *data) {
    (void)data;
    gbench_skip(state, "a \"reason\"");
}

/* Registers with a fixed number of iterations; NULL when that failed. */
static gbench_benchmark *add(const char *key, gbench_function run, int64_t iterations) {
    gbench_benchmark *b;
    if (gbench_register(key, run, NULL, &b) != GBENCH_OK ||
        gbench_fixed_iterations(b, iterations) != GBENCH_OK)
        return NULL;
    return b;
}

static int register_all(void) {
    gbench_benchmark *args, *range, *two, *by_hand, *zero, *process;
    int code = gbench_context("sample_context", "a \"value\"");
    if (!add("c/plain", plain, 100) || !add("c/faults", faults, 10) ||
        !add("c/refuses", refuses, 1) || !add("c/labels", labels, 1) ||
        !(args = add("c/args", arguments, 1)) || !(range = add("c/range", arguments, 1)) ||
        !(two = add("c/threads", threads, 1000)) || !(by_hand = add("c/manual", manual, 4)) ||
        !(zero = add("c/timeless", timeless, 1)) || !add("c/waits", waits, 1) ||
        !(process = add("c/waits/process", waits, 1)))
        return GBENCH_FAILED;
    code |= gbench_arg_names(args, (const char *[]){"size", "step"}, 2);
    code |= gbench_args(args, (const int64_t[]){8, 1}, 2);
    code |= gbench_args(args, (const int64_t[]){64, 2}, 2);
    code |= gbench_add_range(range, 8, 128, 4);
    code |= gbench_add_threads(two, 1);
    code |= gbench_add_threads(two, 2);
    code |= gbench_manual_time(by_hand) | gbench_unit(by_hand, "ms");
    code |= gbench_manual_time(zero) | gbench_process_time(process);
    return code;
}

int main(int argc, char **argv) {
    if (gbench_initialize(&argc, argv) != GBENCH_OK || register_all() != GBENCH_OK ||
        gbench_run() < 0) {
        fprintf(stderr, "sample: %s\n", gbench_error());
        return 1;
    }
    return 0;
}
