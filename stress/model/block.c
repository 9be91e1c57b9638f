/* A slot is drawn at random: a free one gets a block, a taken one is freed, resized or checked. */
#include "block.h"

#include "common/stamp.h"

#include <stdint.h>

static size_t size_logarithmic(struct random *random, unsigned least, unsigned most) {
    unsigned bits = least + (unsigned)random_below(random, most - least);
    return ((size_t)1 << bits) + random_below(random, (uint64_t)1 << bits);
}

/* Mixed: mostly up to 1 KiB, one in 16 up to 256 KiB, one in 1024 up to 4 MiB; a few are empty. */
static size_t size_mixed(struct random *random) {
    size_t draw = random_below(random, 1024);
    if (draw == 0) {
        return size_logarithmic(random, 18, 22);
    }
    return draw < 64 ? size_logarithmic(random, 4, 18) : random_below(random, 1025);
}

static size_t size_draw(struct model *model) {
    enum sizes sizes = model->live_bytes > model->live_limit ? SIZES_SMALL : model->sizes;
    switch (sizes) {
    case SIZES_SMALL:
        return 16 + random_below(&model->random, 241);
    case SIZES_LARGE:
        return size_logarithmic(&model->random, 12, 21);
    case SIZES_MIXED:
    default:
        return size_mixed(&model->random);
    }
}

static void slot_fill(struct model *model, struct model_heap *heap, struct slot *slot,
                      unsigned char *data, size_t size) {
    size_t old = slot->data ? slot->size : 0;
    heap->live += slot->data == NULL;
    heap->live_bytes += size - old;
    model->live_bytes += size - old;
    if (model->live_bytes > model->peak_live_bytes) {
        model->peak_live_bytes = model->live_bytes;
    }
    *slot = (struct slot){data, size, ++model->keys * 0x9E3779B97F4A7C15u};
    stamp_fill(data, size, slot->key);
}

static void contents_check(struct model *model, const char *when, const struct slot *slot,
                           const unsigned char *data, size_t size) {
    size_t offset = stamp_check(data, size, slot->key);
    MODEL_CHECK(model, offset == STAMP_RIGHT, "%s: byte %zu of a block of %zu is damaged", when,
                offset, slot->size);
}

/* What every block handed out must be, before it is filled; old: bytes that are not new. */
static void new_block_check(struct model *model, struct model_heap *heap, const char *call,
                            DWORD flags, const unsigned char *data, size_t old, size_t size) {
    SIZE_T answer = model->engine.HeapSize(heap->handle, 0, data);
    MODEL_CHECK(model, answer == size, "HeapSize: %zu after %s(%zu)", answer, call, size);
    MODEL_CHECK(model, (uintptr_t)data % 16 == 0, "%s(%zu): %p is not 16-aligned", call, size,
                (const void *)data);
    if ((flags | heap->options) & HEAP_ZERO_MEMORY) {
        size_t offset = stamp_check_zero(data, old, size);
        MODEL_CHECK(model, offset == STAMP_RIGHT, "%s(%zu): byte %zu is not zero, old size %zu",
                    call, size, offset, old);
    }
    MODEL_CHECK(model, !heap->max || heap->live_bytes - old + size <= heap->max,
                "%s(%zu): %zu bytes live in a heap of at most %zu", call, size,
                heap->live_bytes - old + size, heap->max);
}

/* An engine may only say no where the contract lets it, and must say it in full. */
static void refusal_check(struct model *model, struct model_heap *heap, const char *call,
                          DWORD flags, size_t size, uint64_t exceptions) {
    MODEL_CHECK(model, heap->max || flags & HEAP_REALLOC_IN_PLACE_ONLY,
                "%s(%zu): refused by a heap without a maximum", call, size);
    model_expect_error(model, call, ERROR_NOT_ENOUGH_MEMORY);
    bool raise = (flags | heap->options) & HEAP_GENERATE_EXCEPTIONS;
    MODEL_CHECK(model, model_exceptions.count == exceptions + raise,
                "%s(%zu): refused with %llu exceptions, expected %d", call, size,
                (unsigned long long)(model_exceptions.count - exceptions), raise);
    MODEL_CHECK(model, !raise || model_exceptions.status == STATUS_NO_MEMORY,
                "%s(%zu): exception 0x%08X", call, size, model_exceptions.status);
}

/* Call flags: a quarter zeroes, a few raise or go without the lock (one thread: always allowed). */
static DWORD flags_draw(struct random *random) {
    size_t draw = random_below(random, 64);
    return (draw % 4 == 0 ? HEAP_ZERO_MEMORY : 0) | (draw < 4 ? HEAP_GENERATE_EXCEPTIONS : 0) |
           (draw > 59 ? HEAP_NO_SERIALIZE : 0);
}

static void block_alloc(struct model *model, struct model_heap *heap, struct slot *slot) {
    DWORD flags = flags_draw(&model->random);
    size_t size = size_draw(model);
    uint64_t exceptions = model_exceptions.count;
    unsigned char *data = model->engine.HeapAlloc(heap->handle, flags, size);
    if (!data) {
        refusal_check(model, heap, "HeapAlloc", flags, size, exceptions);
        MODEL_CHECK(model, heap->live || size > heap->max / 4,
                    "HeapAlloc(%zu): refused by an empty heap of %zu", size, heap->max);
        return;
    }
    new_block_check(model, heap, "HeapAlloc", flags, data, 0, size);
    slot_fill(model, heap, slot, data, size);
}

/* Half of the new sizes are drawn afresh, half are near the old one. */
static size_t resize_draw(struct model *model, size_t old) {
    if (random_next(&model->random) >> 63) {
        return size_draw(model);
    }
    return old - old / 4 + random_below(&model->random, old / 2 + 64);
}

static void resize_refused(struct model *model, struct model_heap *heap, struct slot *slot,
                           DWORD flags, size_t size, uint64_t exceptions) {
    refusal_check(model, heap, "HeapReAlloc", flags, size, exceptions);
    MODEL_CHECK(model, size > slot->size, "HeapReAlloc(%zu): refused to shrink a block of %zu",
                size, slot->size);
    block_verify(model, heap, slot);
}

static void block_resize(struct model *model, struct model_heap *heap, struct slot *slot) {
    DWORD flags = flags_draw(&model->random);
    flags |= random_below(&model->random, 4) == 0 ? HEAP_REALLOC_IN_PLACE_ONLY : 0;
    size_t size = resize_draw(model, slot->size);
    contents_check(model, "before HeapReAlloc", slot, slot->data, slot->size);
    uint64_t exceptions = model_exceptions.count;
    unsigned char *data = model->engine.HeapReAlloc(heap->handle, flags, slot->data, size);
    if (!data) {
        resize_refused(model, heap, slot, flags, size, exceptions);
        return;
    }
    MODEL_CHECK(model, !(flags & HEAP_REALLOC_IN_PLACE_ONLY) || data == slot->data,
                "HeapReAlloc(%zu): moved in place", size);
    contents_check(model, "after HeapReAlloc", slot, data, size < slot->size ? size : slot->size);
    new_block_check(model, heap, "HeapReAlloc", flags, data, slot->size, size);
    slot_fill(model, heap, slot, data, size);
}

void block_free(struct model *model, struct model_heap *heap, struct slot *slot) {
    contents_check(model, "before HeapFree", slot, slot->data, slot->size);
    MODEL_CHECK(model, model->engine.HeapFree(heap->handle, 0, slot->data),
                "HeapFree: refused a live block of %zu, last error %u", slot->size,
                model->engine.GetLastError());
    heap->live--;
    heap->live_bytes -= slot->size;
    model->live_bytes -= slot->size;
    slot->data = NULL;
}

void block_verify(struct model *model, struct model_heap *heap, struct slot *slot) {
    SIZE_T size = model->engine.HeapSize(heap->handle, 0, slot->data);
    MODEL_CHECK(model, size == slot->size, "HeapSize: %zu, expected %zu", size, slot->size);
    MODEL_CHECK(model, model->engine.HeapValidate(heap->handle, 0, slot->data),
                "HeapValidate: FALSE for a live block of %zu", slot->size);
    contents_check(model, "between calls", slot, slot->data, slot->size);
}

struct model_heap *block_any_heap(struct model *model) {
    return model->heaps[random_below(&model->random, model->heap_count)];
}

struct slot *block_any_live(struct model *model, struct model_heap *heap) {
    for (int tries = 0; tries < 8; tries++) {
        struct slot *slot = &heap->slots[random_below(&model->random, MODEL_SLOTS)];
        if (slot->data) {
            return slot;
        }
    }
    return NULL;
}

/* Half of the operations on a block free it, so that about two thirds of the slots are taken. */
void block_step(struct model *model) {
    struct model_heap *heap = block_any_heap(model);
    struct slot *slot = &heap->slots[random_below(&model->random, MODEL_SLOTS)];
    if (!slot->data) {
        block_alloc(model, heap, slot);
        return;
    }
    size_t draw = random_below(&model->random, 16);
    if (draw < 8) {
        block_free(model, heap, slot);
    } else if (draw < 13) {
        block_resize(model, heap, slot);
    } else {
        block_verify(model, heap, slot);
    }
}
