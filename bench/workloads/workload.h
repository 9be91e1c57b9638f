/*
 * What a workload file needs: its description, parameters, random numbers, and, where it is
 * compiled for a strategy kind (STRATEGY), that kind's inline functions.
 *
 * A workload is one file and one line in workloads.def. The file ends in WORKLOAD(name, …).
 */
#ifndef WORKLOADS_WORKLOAD_H
#define WORKLOADS_WORKLOAD_H

#include "strategy.h"

#include <gbench.h>
#include <stdint.h>

/* The smallest profile that runs a case. */
typedef enum profile { SMOKE, QUICK, NIGHTLY, FULL } profile;

typedef struct workload_case {
    const char *params; /* "k=v/k=v" */
    profile profile;
    unsigned needs;     /* abilities, STRATEGY_…, without which the case makes no sense */
    int64_t operations; /* 0: shared, repeated for a time; else alone, exactly so many once */
} workload_case;

typedef struct workload {
    const char *name;
    const workload_case *cases;
    size_t case_count;
    unsigned needs;                       /* abilities that every case needs */
    gbench_function setup, run, teardown; /* data is a workload_run; setup and teardown or NULL */
} workload;

typedef struct workload_run {
    const strategy *strategy;
    const workload_case *which;
} workload_run;

/* The number that params give this name ("size" in "order=lifo/size=64"); aborts without it. */
int64_t workload_number(const char *params, const char *name);

/* Whether params give this name this value. */
int workload_is(const char *params, const char *name, const char *value);

/* Sets the run's counter of this name to the bytes of the process that are resident now. */
void workload_count_resident(gbench_state *state, const char *counter);

/* Fills order[0..count) with 0, 1, … in the order of params: fifo, lifo or random. */
void workload_order(const char *params, uint32_t *order, size_t count);

/* The next of a sequence of uniform 64-bit numbers: splitmix64, whose state is any seed. */
static inline uint64_t workload_random(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* The seed of every workload: fixed, so that all strategies and all runs do the same. */
#define WORKLOAD_SEED 20240229u

#define WORKLOAD_OUT_OF_MEMORY "out of memory"

#ifdef STRATEGY
#include STRATEGY_HEADER

#define WORKLOAD_PASTE_(name, kind) workload_##name##_##kind
#define WORKLOAD_PASTE(name, kind) WORKLOAD_PASTE_(name, kind)

/* Defines the workload for this strategy kind; see workload for the fields. */
#define WORKLOAD(name, cases, needs, setup, run, teardown)                                         \
    extern const workload WORKLOAD_PASTE(name, STRATEGY);                                          \
    const workload WORKLOAD_PASTE(name, STRATEGY) = {                                              \
        #name, cases, sizeof(cases) / sizeof((cases)[0]), needs, setup, run, teardown}
#endif

#endif
