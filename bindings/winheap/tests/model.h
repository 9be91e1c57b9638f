/* A table of live blocks beside a heap: what the heap must tell about itself at any moment. */
#ifndef WINHEAP_TESTS_MODEL_H
#define WINHEAP_TESTS_MODEL_H

#include "engine.h"

enum { MODEL_SLOTS = 300, MODEL_NONE = MODEL_SLOTS };

struct model_block {
    unsigned char *address; /* NULL: the slot is free */
    size_t size;
};

struct model {
    HANDLE heap;
    uint32_t random;
    size_t largest; /* size of a block; 0: 3 MB */
    struct model_block blocks[MODEL_SLOTS];
};

/* Makes, resizes or frees a block of a random size, and asserts that it worked and that
 * what it held is still there. */
void model_step(struct model *model);

/* Frees all blocks. */
void model_clear(struct model *model);

/* The slot whose block stands at this address, or MODEL_NONE. */
size_t model_find(const struct model *model, const void *address);

/* The number of live blocks, and the sum of their sizes. */
size_t model_count(const struct model *model);
size_t model_bytes(const struct model *model);

#endif
