/* Calls that a program must not make, and the answer that the contract promises for each. */
#ifndef STRESS_MISUSE_H
#define STRESS_MISUSE_H

#include "state.h"

/* One random misuse. Nothing may change by it: the other steps would notice. */
void misuse_step(struct model *model);

#endif
