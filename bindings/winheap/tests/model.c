#include "model.h"

static uint32_t model_random(struct model *model) {
    model->random = model->random * 1664525 + 1013904223;
    return model->random >> 8;
}

/* Mostly small; one in 16 up to 40 KB, one in 256 up to the largest, one in 32 empty. */
static size_t model_size(struct model *model) {
    uint32_t kind = model_random(model) % 256;
    uint32_t random = model_random(model);

    if (kind == 0)
        return random % (model->largest != 0 ? model->largest : 3000000);
    if (kind < 16)
        return random % 40000;
    return kind < 24 ? 0 : random % 600;
}

/* A block holds its slot's number at both ends. */
static void model_write(struct model_block *block, unsigned char mark) {
    if (block->size != 0)
        block->address[0] = block->address[block->size - 1] = mark;
}

static void model_check(const struct model_block *block, unsigned char mark, size_t kept) {
    if (block->size == 0)
        return;
    assert_int_equal(block->address[0], mark);
    if (kept == block->size)
        assert_int_equal(block->address[block->size - 1], mark);
}

static void model_make(struct model *model, struct model_block *block) {
    block->size = model_size(model);
    block->address = HeapAlloc(model->heap, 0, block->size);
    assert_non_null(block->address);
}

static void model_resize(struct model *model, struct model_block *block, unsigned char mark) {
    size_t size = model_size(model);
    size_t kept = block->size;
    unsigned char *resized = HeapReAlloc(model->heap, 0, block->address, size);

    assert_non_null(resized);
    *block = (struct model_block){resized, size};
    if (kept != 0)
        model_check(block, mark, kept);
}

static void model_free(struct model *model, struct model_block *block, unsigned char mark) {
    model_check(block, mark, block->size);
    assert_true(HeapFree(model->heap, 0, block->address));
    block->address = NULL;
}

void model_step(struct model *model) {
    uint32_t slot = model_random(model) % MODEL_SLOTS;
    struct model_block *block = &model->blocks[slot];
    unsigned char mark = (unsigned char)slot;

    if (block->address == NULL)
        model_make(model, block);
    else if (model_random(model) % 3 == 0)
        model_resize(model, block, mark);
    else
        model_free(model, block, mark);
    if (block->address != NULL)
        model_write(block, mark);
}

void model_clear(struct model *model) {
    for (size_t i = 0; i < MODEL_SLOTS; i++)
        if (model->blocks[i].address != NULL)
            model_free(model, &model->blocks[i], (unsigned char)i);
}

size_t model_find(const struct model *model, const void *address) {
    for (size_t i = 0; i < MODEL_SLOTS; i++)
        if (model->blocks[i].address == address)
            return i;
    return MODEL_NONE;
}

size_t model_count(const struct model *model) {
    size_t count = 0;

    for (size_t i = 0; i < MODEL_SLOTS; i++)
        count += model->blocks[i].address != NULL;
    return count;
}

size_t model_bytes(const struct model *model) {
    size_t bytes = 0;

    for (size_t i = 0; i < MODEL_SLOTS; i++)
        if (model->blocks[i].address != NULL)
            bytes += model->blocks[i].size;
    return bytes;
}
