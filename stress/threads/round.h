/* A round: a heap is created, threads come and go, every block is freed, the heap is destroyed. */
#ifndef STRESS_ROUND_H
#define STRESS_ROUND_H

#include "storm.h"

/* When a round is over, and who is told how it goes. */
struct round {
    unsigned number; /* from 0: draws the kind of heap, and the threads' random numbers */
    uint64_t seed;
    uint64_t operations;                              /* of the run so far, at which it ends */
    void (*look)(struct storm *storm, void *context); /* called 50 times a second and more */
    void *context;
};

/* Runs it until all threads have ended; storm->failing afterwards: a check has failed. */
void round_run(struct storm *storm, const struct round *round);

/* Operations of the run so far. */
uint64_t round_operations(const struct storm *storm);

#endif
