/* The command line of heaplab-stress-threads. */
#ifndef STRESS_THREADS_OPTIONS_H
#define STRESS_THREADS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options {
    const char *program, *engine, *json; /* json NULL: none */
    uint64_t seed, ops;                  /* ops 0: no limit */
    double seconds;                      /* 0: no limit */
    unsigned threads;
    size_t live_limit; /* bytes */
    size_t growth;     /* bytes */
    bool progress;
};

/* Reads the command line, or prints help and exits 0, or one line about an error and exits 1. */
struct options options_parse(int argc, char **argv);

/* The command that makes the same threads draw the same operations. */
void options_print_command(const struct options *options);

#endif
