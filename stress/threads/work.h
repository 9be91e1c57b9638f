/* What a thread does with its seat's blocks, each step checked to the last byte. */
#ifndef STRESS_WORK_H
#define STRESS_WORK_H

#include "storm.h"

/* A random operation, side by side with those of other threads. */
void work_step(struct seat *seat);

/* While no other thread works: frees a block and misuses its dead pointer; validates the heap. */
void work_alone(struct seat *seat);

/* Frees every block of the seat, those in its inbox included. */
void work_clear(struct seat *seat);

/* When no block of the heap is live: every pointer that the seat remembers must be refused. */
void work_check_dead(struct seat *seat);

#endif
