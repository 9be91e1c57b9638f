/* Between the parts of the planted engine. */
#ifndef STRESS_PLANT_H
#define STRESS_PLANT_H

#include "common/engine.h"

extern struct engine plant_real;
extern const char *plant_name;

/* Whether this fault is planted and strikes this time. */
bool plant_strikes(const char *fault);

#endif
