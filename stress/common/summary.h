/*
 * What a run leaves: its result, and a time line of what the process held while it ran.
 *
 * The JSON has the shape that all stress harnesses share:
 *   {"schema": 1, "harness": NAME, "caller": "c", "engine": NAME, "engine_id": TEXT,
 *    "seed": N, "status": "passed" | "failed" | "interrupted", "operations": N,
 *    "failures": [{"operation": N, "what": TEXT}], "seconds": S, "rate": OPERATIONS_PER_SECOND,
 *    "peak_live_bytes": N,
 *    "timeline": [{"t": S, "operations": N, "live_bytes": N, "rss": BYTES, "heaps": N}, ...]}
 */
#ifndef STRESS_SUMMARY_H
#define STRESS_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TIMELINE_SAMPLES = 1024 };

struct sample {
    double seconds;
    uint64_t operations;
    size_t live_bytes, rss, heaps;
};

/* Samples at even distances; when it is full, every second one goes and the distance doubles. */
struct timeline {
    struct sample samples[TIMELINE_SAMPLES];
    size_t count;
    double interval; /* seconds between samples */
    double due;      /* when the next is */
    unsigned lines;  /* of progress, printed so far: one a second */
};

struct summary {
    const char *harness, *engine, *engine_id;
    const char *status; /* passed, failed or interrupted */
    uint64_t seed, operations;
    double seconds;
    size_t peak_live_bytes;
    const char *failure; /* NULL: none */
    uint64_t failed_operation;
    struct timeline timeline;
};

/* Seconds since some moment. */
double summary_clock(void);

/*
 * Notes a sample, all but its rss, if one is due at its time; with progress, prints a line on
 * stderr each second. To be called often: it costs a few instructions when nothing is due.
 */
void summary_observe(struct summary *summary, struct sample sample, bool progress);

/* Prints status, operations, speed and peak on stdout, a line. */
void summary_print(const struct summary *summary);

/* What the program exits with: 0 passed, 1 failed, 130 interrupted. */
int summary_exit_code(const struct summary *summary);

/* The resident memory of this process in bytes; 0 when /proc is not there. */
size_t summary_rss(void);

/* Writes the summary as JSON; false: one line on stderr says why. */
bool summary_write(const struct summary *summary, const char *path);

#endif
