/*
 * What the files that make strategies ready share. One function per kind whose library must be
 * found; each returns 0, or -1 with the reason in the opening's error.
 */
#ifndef WORKLOADS_STRATEGY_OPEN_H
#define WORKLOADS_STRATEGY_OPEN_H

#include "strategy.h"

#include <stdio.h>

/* What strategy_open has been asked for, and where its complaint goes. */
typedef struct opening {
    strategy *s;
    const char *rest; /* the name behind its kind */
    const strategy_paths *paths;
    strategy_error *error;
} opening;

#define COMPLAIN(o, ...) (snprintf((o)->error->text, sizeof(o)->error->text, __VA_ARGS__), -1)

/* Stores the symbol's address in *function, a pointer to a function pointer of whatever type. */
int opening_load(const opening *o, void *library, const char *symbol, void *function);

/* Proves in the output which engine's library serves this function. */
void opening_prove_engine(const char *engine, const void *function);

int opening_heap(const opening *o);
int opening_malloc(const opening *o);

/* The abilities that the options of heap:ENGINE+option… take away. */
unsigned opening_heap_takes(const char *name);

#endif
