/* Each misuse asks the functions that could do harm by it, and checks answer and last error. */
#include "misuse.h"

#include "block.h"

/* Whatever is no live block of heap is refused by all four functions that take a block. */
static void pointer_refused(struct model *model, struct model_heap *heap, const char *kind,
                            void *pointer) {
    const struct engine *engine = &model->engine;
    MODEL_CHECK(model, !engine->HeapValidate(heap->handle, 0, pointer), "HeapValidate: TRUE for %s",
                kind);
    MODEL_CHECK(model, engine->GetLastError() == MODEL_LAST_ERROR,
                "HeapValidate: set the last error for %s", kind);
    SIZE_T size = engine->HeapSize(heap->handle, 0, pointer);
    MODEL_CHECK(model, size == (SIZE_T)-1, "HeapSize: %zu for %s", size, kind);
    model_expect_error(model, "HeapSize", ERROR_INVALID_PARAMETER);
    MODEL_CHECK(model, !engine->HeapReAlloc(heap->handle, 0, pointer, 64),
                "HeapReAlloc: a block from %s", kind);
    model_expect_error(model, "HeapReAlloc", ERROR_INVALID_PARAMETER);
    MODEL_CHECK(model, !engine->HeapFree(heap->handle, 0, pointer), "HeapFree: TRUE for %s", kind);
    model_expect_error(model, "HeapFree", ERROR_INVALID_PARAMETER);
}

static void double_free(struct model *model, struct model_heap *heap, struct slot *slot) {
    void *freed = slot->data;
    block_free(model, heap, slot);
    pointer_refused(model, heap, "a freed block", freed);
}

/* Anywhere in the block, and where a block could start. */
static void interior(struct model *model, struct model_heap *heap, struct slot *slot) {
    size_t offset = slot->size > 1 ? 1 + random_below(&model->random, slot->size - 1) : 1;
    pointer_refused(model, heap, "an interior pointer", slot->data + offset);
    if (offset > 16) {
        pointer_refused(model, heap, "an aligned interior pointer", slot->data + offset / 16 * 16);
    }
}

static void foreign(struct model *model, struct model_heap *heap, struct slot *slot) {
    struct model_heap *other = block_any_heap(model);
    if (other != heap) {
        pointer_refused(model, other, "another heap's block", slot->data);
    }
}

static void from_nowhere(struct model *model, struct model_heap *heap, struct slot *slot) {
    (void)slot;
    static char data[64];
    uintptr_t wild = random_next(&model->random);
    char *stack = (char *)&wild;
    pointer_refused(model, heap, "static data", data + (-(uintptr_t)data & 15));
    pointer_refused(model, heap, "a pointer into the stack", stack - ((uintptr_t)stack & 15));
    pointer_refused(model, heap, "a page that is not there", (void *)(uintptr_t)0x1230);  // NOLINT
    pointer_refused(model, heap, "an address out of range", (void *)(wild | 1ull << 63)); // NOLINT
    pointer_refused(model, heap, "the heap's own handle", heap->handle);
}

static void bad_handle(struct model *model, struct model_heap *heap, struct slot *slot) {
    const struct engine *engine = &model->engine;
    HANDLE handles[] = {NULL, slot->data, (char *)heap->handle + 16, (char *)heap->handle + 4096};
    HANDLE handle = handles[random_below(&model->random, 4)];
    MODEL_CHECK(model, !engine->HeapValidate(handle, 0, slot->data), "HeapValidate: bad handle");
    MODEL_CHECK(model, !engine->HeapAlloc(handle, 0, 16), "HeapAlloc: a block of no heap");
    model_expect_error(model, "HeapAlloc with a bad handle", ERROR_INVALID_HANDLE);
    MODEL_CHECK(model, !engine->HeapFree(handle, 0, slot->data), "HeapFree: bad handle accepted");
    model_expect_error(model, "HeapFree with a bad handle", ERROR_INVALID_HANDLE);
    MODEL_CHECK(model, !engine->HeapDestroy(handle), "HeapDestroy: bad handle accepted");
    model_expect_error(model, "HeapDestroy of a bad handle", ERROR_INVALID_HANDLE);
}

static void impossible(struct model *model, struct model_heap *heap, struct slot *slot) {
    const struct engine *engine = &model->engine;
    size_t size = SIZE_MAX - random_below(&model->random, 70000);
    MODEL_CHECK(model, !engine->HeapAlloc(heap->handle, 0, size), "HeapAlloc(%zu): a block", size);
    model_expect_error(model, "HeapAlloc of an impossible size", ERROR_NOT_ENOUGH_MEMORY);
    MODEL_CHECK(model, !engine->HeapReAlloc(heap->handle, 0, slot->data, size),
                "HeapReAlloc(%zu): a block", size);
    model_expect_error(model, "HeapReAlloc to an impossible size", ERROR_NOT_ENOUGH_MEMORY);
    block_verify(model, heap, slot);
}

static void null_block(struct model *model, struct model_heap *heap, struct slot *slot) {
    const struct engine *engine = &model->engine;
    (void)slot;
    MODEL_CHECK(model, engine->HeapFree(heap->handle, 0, NULL), "HeapFree(NULL): FALSE");
    MODEL_CHECK(model, !engine->HeapReAlloc(heap->handle, 0, NULL, 64), "HeapReAlloc(NULL): block");
    model_expect_error(model, "HeapReAlloc(NULL)", ERROR_SUCCESS);
}

static void bad_create(struct model *model, struct model_heap *heap, struct slot *slot) {
    (void)heap, (void)slot;
    MODEL_CHECK(model, !model->engine.HeapCreate(0x80000000u, 0, 0), "HeapCreate: unknown option");
    model_expect_error(model, "HeapCreate with an unknown option", ERROR_INVALID_PARAMETER);
    MODEL_CHECK(model, !model->engine.HeapCreate(0, 8192, 4096), "HeapCreate: initial > max");
    model_expect_error(model, "HeapCreate with initial > max", ERROR_INVALID_PARAMETER);
}

void misuse_step(struct model *model) {
    static void (*const misuses[])(struct model *, struct model_heap *, struct slot *) = {
        double_free, interior,   foreign,    from_nowhere,
        bad_handle,  impossible, null_block, bad_create,
    };
    size_t kind = random_below(&model->random, sizeof misuses / sizeof *misuses);
    struct model_heap *heap = block_any_heap(model);
    struct slot *slot = block_any_live(model, heap);
    if (slot) {
        misuses[kind](model, heap, slot);
    }
}
