/* The command line of heaplab-stress-model. */
#ifndef STRESS_OPTIONS_H
#define STRESS_OPTIONS_H

#include "state.h"

#include <stdbool.h>
#include <stdint.h>

struct options {
    const char *program, *engine, *json; /* json NULL: none */
    uint64_t seed, ops;                  /* ops 0: no limit */
    double seconds;                      /* 0: no limit */
    enum sizes sizes;
    enum heap_set heap_set;
    size_t live_limit; /* bytes */
    bool progress;
};

/* Reads the command line, or prints help and exits 0, or one line about an error and exits 1. */
struct options options_parse(int argc, char **argv);

/* The command that repeats a run up to and with this operation. */
void options_print_command(const struct options *options, uint64_t operation);

#endif
