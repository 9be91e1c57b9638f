/*
 * heaplab-stress-model: random heap operations on one engine, checked against a model.
 *
 * Up to 12 heaps with random options (serialized or not, zeroing, raising, with and without a
 * maximum) hold up to 1024 blocks each. Each operation picks a place at random: an empty one gets
 * a block (HeapAlloc, a quarter with HEAP_ZERO_MEMORY); a taken one is freed (half), resized
 * (HeapReAlloc, a quarter in place only, a quarter zeroing) or asked about (HeapSize,
 * HeapValidate). One operation in 8192 creates or destroys a heap, one has the engine say what a
 * whole heap holds (HeapValidate, and HeapSummary and HeapWalk where it has them), one in 512 is a
 * misuse with a promised answer: double free, interior, foreign and wild pointers, bad and dead
 * handles, impossible sizes.
 *
 * What is checked: every byte of a block before each free and resize, and after each resize (a
 * stamp of its own for each filling); that new bytes are zero where promised; exact sizes;
 * alignment; that a maximum is never exceeded and nothing else refuses; in-place answers; last
 * errors after failures, and that successes leave them alone; exceptions; the list of heaps.
 *
 * The same seed, sizes and live limit draw the same operations on every engine and machine; what an
 * engine may refuse (in place, at a maximum) is all that can differ. At the first wrong answer, or
 * when the engine crashes, the run prints what, at which operation, and the command that repeats
 * it, and exits 1. SIGINT and SIGTERM end it with a summary, exit 130.
 *
 *   heaplab-stress-model --engine native --seconds 10 --sizes small
 *
 * --help lists all tunables. It takes as long as --seconds or --ops say, 10 s by default. On one
 * core, 5 to 9 million operations a second with small sizes and about one million with mixed ones,
 * where the time goes into checking the bytes.
 */
#include "common/summary.h"
#include "model/options.h"
#include "model/state.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_PER_CLOCK = 64 }; /* a look at the clock costs as much as a step */

static struct model model;
static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
    (void)number;
    interrupted = 1;
}

/* A crash inside the engine is a failure of this operation: the model reports it as any other. */
static void crash(int number) {
    snprintf(model.failure, sizeof model.failure, "the engine crashed: %s", strsignal(number));
    siglongjmp(model.failed, 1);
}

static void signals_catch(void) {
    static char stack[64 << 10]; // an engine may crash by using up the other one
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    action = (struct sigaction){.sa_handler = crash, .sa_flags = SA_ONSTACK};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
        sigaction(crashes[i], &action, NULL);
    }
}

static void run_observe(struct summary *summary, bool progress, double seconds) {
    summary_observe(summary,
                    (struct sample){.seconds = seconds,
                                    .operations = model.operation,
                                    .live_bytes = model.live_bytes,
                                    .heaps = model.heap_count},
                    progress);
}

/* Steps until a limit is reached; the time that took. */
static double run_steps(const struct options *options, struct summary *summary) {
    uint64_t last = options->ops ? options->ops : UINT64_MAX;
    double limit = options->seconds > 0 ? options->seconds : 1e18;
    double started = summary_clock();
    double seconds = 0;
    while (!interrupted && model.operation < last && seconds < limit) {
        for (int i = 0; i < STEPS_PER_CLOCK && model.operation < last; i++) {
            model_step(&model);
        }
        seconds = summary_clock() - started;
        run_observe(summary, options->progress, seconds);
    }
    return seconds;
}

/* "passed", "failed" or "interrupted". The blocks that are left are checked at the end. */
static const char *run(const struct options *options, struct summary *summary) {
    double started = summary_clock();
    if (sigsetjmp(model.failed, 1) != 0) {
        summary->seconds = summary_clock() - started;
        summary->failed_operation = model.operation ? model.operation : 1;
        summary->failure = model.failure;
        return "failed";
    }
    model_open(&model);
    summary->seconds = run_steps(options, summary);
    model_close(&model);
    return interrupted ? "interrupted" : "passed";
}

static void report(const struct options *options, const struct summary *summary) {
    summary_print(summary);
    if (summary->failed_operation) {
        printf("operation %" PRIu64 ": %s\nrepeat: ", summary->failed_operation, summary->failure);
        options_print_command(options, summary->failed_operation);
    }
}

int main(int argc, char **argv) {
    struct options options = options_parse(argc, argv);
    static struct summary summary;
    if (!engine_open(&model.engine, options.engine)) {
        return 1;
    }
    model.seed = options.seed;
    model.sizes = options.sizes;
    model.heap_set = options.heap_set;
    model.live_limit = options.live_limit;
    summary = (struct summary){.harness = "model",
                               .engine = model.engine.name,
                               .engine_id = model.engine.winheap_engine(),
                               .seed = options.seed,
                               .timeline.interval = 0.05};
    printf("engine %s, seed %" PRIu64 "\n", summary.engine_id, options.seed);
    fflush(stdout);
    signals_catch();
    summary.status = run(&options, &summary);
    summary.operations = model.operation;
    summary.peak_live_bytes = model.peak_live_bytes;
    report(&options, &summary);
    bool written = !options.json || summary_write(&summary, options.json);
    return written ? summary_exit_code(&summary) : 1;
}
