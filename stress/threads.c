/*
 * heaplab-stress-threads: threads that share one heap and free, resize and inherit each other's
 * blocks.
 *
 * A run has nine rounds; each creates a heap (growable, with a maximum of 16 MiB, or zeroing, in
 * turn) and has 2 to 8 seats in which threads work side by side. At each step a thread allocates,
 * frees, resizes, asks about or hands on a block of its seat, or takes one that another has handed
 * to it, which it keeps, or resizes and frees. After 4096 steps on average a thread ends, and a new
 * one takes its seat and its blocks. In between, one thread at a time works alone: it frees a block
 * and tries it again.
 *
 * What is checked: every byte of a block before each free and resize and after each resize; exact
 * sizes; alignment; zeroes where promised; that only a maximum or in-place refuses; that a dead
 * pointer is refused by HeapFree, HeapReAlloc, HeapSize and HeapValidate, as are interior pointers,
 * another heap's blocks and stack addresses; last errors; the whole heap, now and then and at the
 * end. When all blocks have been freed each of the last 16384 freed pointers of every seat must be
 * refused: a free that was lost has left its block alive. After the heap is destroyed the process
 * may hold, resident and of address space, --growth more than the most it held after the first
 * three rounds.
 *
 * The seed repeats what each thread draws, not how threads meet. A failure is a line and exit 1;
 * SIGINT and SIGTERM end the run with a summary, exit 130. A hang or crash of the engine is one of
 * the process.
 *
 *   heaplab-stress-threads --engine native --threads 8 --seconds 60
 *
 * --help lists all tunables. It takes as long as --seconds or --ops say, 10 s by default.
 */
#include "common/summary.h"
#include "threads/memory.h"
#include "threads/options.h"
#include "threads/round.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

enum { ROUNDS = 9, WARM_ROUNDS = 3 };

static struct storm storm;
static struct memory memory_warm, memory_last;
static size_t memory_growth;
static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
    (void)number;
    interrupted = 1;
}

static void signals_catch(void) {
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void storm_open(const struct options *options) {
    pthread_rwlockattr_t fair;
    pthread_rwlockattr_init(&fair);
    pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&storm.gate, &fair);
    sem_init(&storm.ended, 0, 0);
    storm.seats_open = options->threads;
    storm.live_limit = options->live_limit;
    memory_growth = options->growth;
    storm.other = storm.engine.HeapCreate(0, 0, 0);
    for (unsigned i = 0; i < storm.seats_open; i++) {
        storm.seats[i].storm = &storm;
        storm.seats[i].number = i;
    }
}

static void memory_check(struct seat *seat) {
    SEAT_CHECK(seat, memory_last.resident <= memory_warm.resident + memory_growth,
               "memory: %zu KiB resident without a heap, %zu after the first rounds",
               memory_last.resident >> 10, memory_warm.resident >> 10);
    SEAT_CHECK(seat, memory_last.reserved <= memory_warm.reserved + memory_growth,
               "memory: %zu KiB of address space without a heap, %zu after the first rounds",
               memory_last.reserved >> 10, memory_warm.reserved >> 10);
}

static void memory_judge(unsigned round) {
    memory_last = memory_now();
    if (round < WARM_ROUNDS) {
        memory_warm = memory_most(memory_warm, memory_last);
    } else {
        seat_try(&storm.seats[0], memory_check);
    }
}

/* What a round shows, and when it must end. */
struct view {
    struct summary *summary;
    double started, end;
    bool progress;
};

static void view_look(struct storm *shown, void *context) {
    const struct view *view = context;
    double seconds = summary_clock() - view->started;
    if (interrupted || seconds >= view->end) {
        atomic_store(&shown->stopping, true);
    }
    summary_observe(view->summary,
                    (struct sample){.seconds = seconds,
                                    .operations = round_operations(shown),
                                    .live_bytes = atomic_load(&shown->live_bytes),
                                    .heaps = 1},
                    view->progress);
}

static void run(const struct options *options, struct summary *summary) {
    double share = (options->seconds > 0 ? options->seconds : 1e18) / ROUNDS;
    uint64_t operations = (options->ops ? options->ops : UINT64_MAX) / ROUNDS;
    struct view view = {summary, summary_clock(), 0, options->progress};
    for (unsigned i = 0; i < ROUNDS && !interrupted && !atomic_load(&storm.failing); i++) {
        view.end = share * (i + 1);
        round_run(&storm, &(struct round){.number = i,
                                          .seed = options->seed,
                                          .operations = operations * (i + 1),
                                          .look = view_look,
                                          .context = &view});
        memory_judge(i);
    }
    summary->seconds = summary_clock() - view.started;
}

static void conclude(struct summary *summary) {
    summary->operations = round_operations(&storm);
    summary->peak_live_bytes = atomic_load(&storm.peak_live_bytes);
    summary->failed_operation = summary->operations;
    summary->failure = atomic_load(&storm.failing) ? storm.failure : NULL;
    summary->status = summary->failure ? "failed" : interrupted ? "interrupted" : "passed";
}

static void report(const struct options *options, const struct summary *summary) {
    summary_print(summary);
    printf("%u threads, %" PRIu64 " blocks freed by another thread than made them\n"
           "without a heap %zu KiB resident, %zu KiB of address space; after the first rounds "
           "%zu and %zu\n",
           atomic_load(&storm.threads), atomic_load(&storm.remote), memory_last.resident >> 10,
           memory_last.reserved >> 10, memory_warm.resident >> 10, memory_warm.reserved >> 10);
    if (summary->failure) {
        printf("operation %" PRIu64 ": %s\nrepeat: ", summary->operations, summary->failure);
        options_print_command(options);
    }
}

int main(int argc, char **argv) {
    struct options options = options_parse(argc, argv);
    static struct summary summary;
    if (!engine_open(&storm.engine, options.engine)) {
        return 1;
    }
    summary = (struct summary){.harness = "threads",
                               .engine = storm.engine.name,
                               .engine_id = storm.engine.winheap_engine(),
                               .seed = options.seed,
                               .timeline.interval = 0.05};
    printf("engine %s, seed %" PRIu64 "\n", summary.engine_id, options.seed);
    fflush(stdout);
    signals_catch();
    storm_open(&options);
    run(&options, &summary);
    conclude(&summary);
    report(&options, &summary);
    bool written = !options.json || summary_write(&summary, options.json);
    return written ? summary_exit_code(&summary) : 1;
}
