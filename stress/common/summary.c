/* The time line's thinning, and JSON written by hand: its shape is fixed and flat. */
#include "summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void timeline_thin(struct timeline *timeline) {
    for (size_t i = 0; i < TIMELINE_SAMPLES / 2; i++) {
        timeline->samples[i] = timeline->samples[2 * i];
    }
    timeline->count = TIMELINE_SAMPLES / 2;
    timeline->interval *= 2;
}

static void timeline_add(struct timeline *timeline, struct sample sample) {
    if (timeline->count == TIMELINE_SAMPLES) {
        timeline_thin(timeline);
    }
    timeline->samples[timeline->count++] = sample;
    timeline->due = sample.seconds + timeline->interval;
}

double summary_clock(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double mebibytes(size_t bytes) {
    return (double)bytes / (1 << 20);
}

static void progress_print(const struct sample *sample) {
    fprintf(stderr,
            "%8.1f s %10.2f M operations %7.2f M/s %8.1f MiB live %8.1f MiB rss %3zu heaps\n",
            sample->seconds, (double)sample->operations / 1e6,
            (double)sample->operations / 1e6 / sample->seconds, mebibytes(sample->live_bytes),
            mebibytes(sample->rss), sample->heaps);
}

void summary_observe(struct summary *summary, struct sample sample, bool progress) {
    struct timeline *timeline = &summary->timeline;
    bool print = progress && sample.seconds >= timeline->lines + 1;
    if (sample.seconds < timeline->due && !print) {
        return;
    }
    sample.rss = summary_rss();
    if (sample.seconds >= timeline->due) {
        timeline_add(timeline, sample);
    }
    if (print) {
        progress_print(&sample);
        timeline->lines++;
    }
}

void summary_print(const struct summary *summary) {
    printf("%s: %" PRIu64 " operations in %.1f s (%.2f M/s), at most %.1f MiB live\n",
           summary->status, summary->operations, summary->seconds,
           (double)summary->operations / 1e6 / (summary->seconds > 0 ? summary->seconds : 1),
           mebibytes(summary->peak_live_bytes));
}

int summary_exit_code(const struct summary *summary) {
    return strcmp(summary->status, "passed") == 0   ? 0
           : strcmp(summary->status, "failed") == 0 ? 1
                                                    : 130;
}

/* /proc/self/statm: pages of address space, resident pages, ... */
size_t summary_rss(void) {
    char line[128] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) {
        return 0;
    }
    char *resident = fgets(line, sizeof line, file) ? strchr(line, ' ') : NULL;
    fclose(file);
    return resident ? strtoull(resident, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

static void text_write(FILE *file, const char *text) {
    putc('"', file);
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\') {
            fprintf(file, "\\%c", *c);
        } else if ((unsigned char)*c < ' ') {
            fprintf(file, "\\u%04x", (unsigned)*c);
        } else {
            putc(*c, file);
        }
    }
    putc('"', file);
}

static void failures_write(FILE *file, const struct summary *summary) {
    if (summary->failure) {
        fprintf(file, "{\"operation\": %" PRIu64 ", \"what\": ", summary->failed_operation);
        text_write(file, summary->failure);
        putc('}', file);
    }
}

static void timeline_write(FILE *file, const struct timeline *timeline) {
    for (size_t i = 0; i < timeline->count; i++) {
        const struct sample *sample = &timeline->samples[i];
        fprintf(file,
                "%s\n    {\"t\": %.3f, \"operations\": %" PRIu64 ", \"live_bytes\": %zu, "
                "\"rss\": %zu, \"heaps\": %zu}",
                i ? "," : "", sample->seconds, sample->operations, sample->live_bytes, sample->rss,
                sample->heaps);
    }
}

static void json_print(FILE *file, const struct summary *summary) {
    fputs("{\n  \"schema\": 1,\n  \"harness\": ", file);
    text_write(file, summary->harness);
    fputs(",\n  \"caller\": \"c\",\n  \"engine\": ", file);
    text_write(file, summary->engine);
    fputs(",\n  \"engine_id\": ", file);
    text_write(file, summary->engine_id);
    fprintf(file, ",\n  \"seed\": %" PRIu64 ",\n  \"status\": \"%s\"", summary->seed,
            summary->status);
    fprintf(file, ",\n  \"operations\": %" PRIu64 ",\n  \"failures\": [", summary->operations);
    failures_write(file, summary);
    fprintf(file, "],\n  \"seconds\": %.3f,\n  \"rate\": %.0f", summary->seconds,
            summary->seconds > 0 ? (double)summary->operations / summary->seconds : 0.0);
    fprintf(file, ",\n  \"peak_live_bytes\": %zu,\n  \"timeline\": [", summary->peak_live_bytes);
    timeline_write(file, &summary->timeline);
    fputs("\n  ]\n}\n", file);
}

bool summary_write(const struct summary *summary, const char *path) {
    FILE *file = fopen(path, "w");
    if (file) {
        json_print(file, summary);
    }
    bool written = file && !ferror(file);
    if ((file && fclose(file) != 0) || !written) {
        fprintf(stderr, "%s: %s not written: %s\n", program_invocation_short_name, path,
                strerror(errno));
        return false;
    }
    return true;
}
