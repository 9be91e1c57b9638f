/* Runs: one block of whole neighbouring units, for sizes between the classes and RUN_MAX. */
#ifndef WINHEAP_NATIVE_RUN_H
#define WINHEAP_NATIVE_RUN_H

#include "layout.h"

/* A run's or large block's descriptor: one block that starts at base. */
void run_describe(struct span *span, enum span_kind kind, char *base, size_t size);

/* A run of size bytes, zeroed on demand; NULL when there is no memory or the maximum forbids. */
void *run_new(struct heap *heap, size_t size, bool zero);

void run_free(struct heap *heap, struct span *span);

/* Grows or shrinks where it stands; false, and nothing has changed, if it cannot. */
bool run_resize(struct heap *heap, struct span *span, size_t size);

#endif
