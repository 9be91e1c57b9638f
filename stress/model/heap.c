/* Heaps come with random options and go with whatever blocks they hold. */
#include "heap.h"

#include "block.h"

#include <stdlib.h>
#include <string.h>

/* Each option on its own coin; one heap in three has a maximum. */
static DWORD options_random(struct random *random) {
    static const DWORD options[] = {HEAP_NO_SERIALIZE, HEAP_GENERATE_EXCEPTIONS, HEAP_ZERO_MEMORY,
                                    HEAP_CREATE_ALIGN_16, HEAP_CREATE_ENABLE_TRACING};
    uint64_t coins = random_next(random) >> 32;
    DWORD drawn = 0;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        drawn |= coins >> i & 1 ? options[i] : 0;
    }
    return drawn;
}

static DWORD options_draw(struct model *model) {
    static const DWORD options[] = {
        [HEAPS_NO_SERIALIZE] = HEAP_NO_SERIALIZE,
        [HEAPS_FIXED_NO_SERIALIZE] = HEAP_NO_SERIALIZE,
        [HEAPS_ZERO] = HEAP_ZERO_MEMORY,
    };
    DWORD drawn = options_random(&model->random);
    return model->heap_set == HEAPS_RANDOM ? drawn : options[model->heap_set];
}

static bool has_max(struct model *model) {
    bool drawn = random_below(&model->random, 3) == 0;
    return model->heap_set == HEAPS_RANDOM
               ? drawn
               : model->heap_set == HEAPS_FIXED || model->heap_set == HEAPS_FIXED_NO_SERIALIZE;
}

static size_t max_draw(struct model *model) {
    struct random *random = &model->random;
    if (!has_max(model)) {
        return 0;
    }
    size_t scale = (size_t)64 << 10 << random_below(random, 8);
    return scale + random_below(random, scale);
}

/* The handles the engine lists must be the process heap's and the model's, in order. */
static void list_check(struct model *model) {
    HANDLE handles[MODEL_HEAPS + 2];
    DWORD count = model->engine.GetProcessHeaps(MODEL_HEAPS + 2, handles);
    MODEL_CHECK(model, count == model->heap_count + 1, "GetProcessHeaps: %u heaps, expected %zu",
                count, model->heap_count + 1);
    MODEL_CHECK(model, handles[0] == model->engine.GetProcessHeap(),
                "GetProcessHeaps: the process heap is not the first");
    for (size_t i = 0; i < model->heap_count; i++) {
        MODEL_CHECK(model, handles[i + 1] == model->heaps[i]->handle,
                    "GetProcessHeaps: heap %zu is not in order of creation", i);
    }
}

static struct model_heap *heap_take(struct model *model) {
    struct model_heap *heap = model->spare ? model->spare : malloc(sizeof *heap);
    MODEL_CHECK(model, heap, "out of memory for the model itself");
    model->spare = NULL;
    memset(heap, 0, sizeof *heap);
    return heap;
}

void heap_create(struct model *model) {
    const size_t page = 4096;
    struct model_heap *heap = heap_take(model);
    heap->options = options_draw(model);
    size_t max = max_draw(model);
    size_t initial = random_below(&model->random, max ? max : (size_t)1 << 20);
    heap->handle = model->engine.HeapCreate(heap->options, initial, max);
    MODEL_CHECK(model, heap->handle, "HeapCreate(0x%X, %zu, %zu): last error %u", heap->options,
                initial, max, model->engine.GetLastError());
    MODEL_CHECK(model, (uintptr_t)heap->handle % 65536 == 0, "HeapCreate: handle %p", heap->handle);
    heap->max = (max + page - 1) & ~(page - 1);
    model->heaps[model->heap_count++] = heap;
    list_check(model);
}

/* A dead handle is refused by every function. */
static void dead_check(struct model *model, HANDLE dead) {
    const struct engine *engine = &model->engine;
    MODEL_CHECK(model, !engine->HeapValidate(dead, 0, NULL), "HeapValidate: TRUE for a dead heap");
    MODEL_CHECK(model, !engine->HeapDestroy(dead), "HeapDestroy: TRUE for a dead heap");
    model_expect_error(model, "HeapDestroy of a dead heap", ERROR_INVALID_HANDLE);
    MODEL_CHECK(model, !engine->HeapAlloc(dead, 0, 16), "HeapAlloc: a block of a dead heap");
    model_expect_error(model, "HeapAlloc from a dead heap", ERROR_INVALID_HANDLE);
}

void heap_destroy(struct model *model, size_t index) {
    struct model_heap *heap = model->heaps[index];
    MODEL_CHECK(model, model->engine.HeapDestroy(heap->handle), "HeapDestroy: last error %u",
                model->engine.GetLastError());
    model->live_bytes -= heap->live_bytes;
    model->heap_count--;
    for (size_t i = index; i < model->heap_count; i++) {
        model->heaps[i] = model->heaps[i + 1];
    }
    dead_check(model, heap->handle);
    list_check(model);
    free(model->spare);
    model->spare = heap;
}

void heap_verify(struct model *model, struct model_heap *heap) {
    for (size_t i = 0; i < MODEL_SLOTS; i++) {
        if (heap->slots[i].data) {
            block_verify(model, heap, &heap->slots[i]);
        }
    }
    MODEL_CHECK(model, model->engine.HeapValidate(heap->handle, 0, NULL),
                "HeapValidate: FALSE for a sound heap");
}

void heap_step(struct model *model) {
    bool create = random_next(&model->random) >> 63;
    if (model->heap_count == 1 || (create && model->heap_count < MODEL_HEAPS)) {
        heap_create(model);
    } else {
        heap_destroy(model, random_below(&model->random, model->heap_count));
    }
}
