/*
 * What a run leaves: its result, and a time line of what the process held while it ran.
 *
 * The JSON has the shape that all stress harnesses share:
 *   {"schema": 1, "harness": "model", "caller": "c", "engine": NAME, "engine_id": TEXT,
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
};

struct summary {
    const char *engine, *engine_id, *status;
    uint64_t seed, operations;
    double seconds;
    size_t peak_live_bytes;
    uint64_t failed_operation; /* 0: none */
    const char *failure;
    struct timeline timeline;
};

/* Notes a sample if one is due at its time. */
void timeline_add(struct timeline *timeline, struct sample sample);

/* The resident memory of this process in bytes; 0 when /proc is not there. */
size_t summary_rss(void);

/* Writes the summary as JSON; false: one line on stderr says why. */
bool summary_write(const struct summary *summary, const char *path);

#endif
