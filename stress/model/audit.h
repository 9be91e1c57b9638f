/* What an engine says of a heap as a whole, against what the model knows of it. */
#ifndef STRESS_AUDIT_H
#define STRESS_AUDIT_H

#include "state.h"

/* HeapValidate, and HeapSummary and HeapWalk where the engine has them, on a random heap. */
void audit_step(struct model *model);

#endif
