/* Operations on whole heaps, with the list of heaps and the answers of dead handles checked. */
#ifndef STRESS_HEAP_H
#define STRESS_HEAP_H

#include "state.h"

/* Creates or destroys a random heap; one is always left. */
void heap_step(struct model *model);

/* Creates a heap with random options, the newest. */
void heap_create(struct model *model);

/* Destroys the heap that stands at index, its blocks with it. */
void heap_destroy(struct model *model, size_t index);

/* Checks every block of a heap, and the heap. */
void heap_verify(struct model *model, struct model_heap *heap);

#endif
