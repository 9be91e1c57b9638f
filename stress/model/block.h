/* Operations on blocks: allocate, resize, free, and ask, each checked to the last byte. */
#ifndef STRESS_BLOCK_H
#define STRESS_BLOCK_H

#include "state.h"

/* A random operation on a random slot of a random heap. */
void block_step(struct model *model);

/* Frees the slot's block, contents checked first. */
void block_free(struct model *model, struct model_heap *heap, struct slot *slot);

/* Checks the size, the validity and the contents of the slot's block. */
void block_verify(struct model *model, struct model_heap *heap, struct slot *slot);

/* A random heap, and a random slot of it that holds a block; NULL when eight tries found none. */
struct model_heap *block_any_heap(struct model *model);
struct slot *block_any_live(struct model *model, struct model_heap *heap);

#endif
