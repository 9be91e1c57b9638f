#include "heap.h"
#include "large.h"
#include "run.h"

#include <string.h>

static bool resize_in_place(struct heap *heap, struct span *span, uint32_t index, size_t size) {
    switch (span->kind) {
    case SPAN_RUN:
        return run_resize(heap, span, size);
    case SPAN_LARGE:
        return large_resize(heap, span, size);
    default:
        if (size > span->size)
            return false;
        span_set_size(span, index, size);
        return true;
    }
}

static void *alloc_any(struct heap *heap, size_t size) {
    void *block = heap_alloc_ready(heap, size);

    return block != NULL ? block : heap_alloc_slow(heap, size, false);
}

static void *move_by_copy(struct heap *heap, struct span *span, uint32_t index, void *block,
                          size_t size) {
    void *moved = alloc_any(heap, size);

    if (moved == NULL)
        return NULL;
    /* A block only moves to grow. The analyzer takes the failed in-place try for a null block. */
    // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker)
    memcpy(moved, block, span_get_size(span, index));
    heap_free(heap, span, index, block);
    return moved;
}

static void *resize_by_moving(struct heap *heap, struct span *span, uint32_t index, void *block,
                              size_t size) {
    if (span->kind == SPAN_LARGE)
        return large_move(heap, span, size);
    return move_by_copy(heap, span, index, block, size);
}

static void *resize(struct heap *heap, struct span *span, uint32_t index, void *block, size_t size,
                    bool in_place_only) {
    if (resize_in_place(heap, span, index, size))
        return block;
    return in_place_only ? NULL : resize_by_moving(heap, span, index, block, size);
}

/* Pages that a large block did not have before come zeroed; clearing them would commit them. */
static void clear_growth(char *block, bool large, size_t old_size, size_t size) {
    size_t end = large ? block_pages(old_size) * PAGE_BYTES : size;

    memset(block + old_size, 0, (end < size ? end : size) - old_size);
}

void *heap_realloc(struct heap *heap, struct span *span, uint32_t index, void *block, size_t size,
                   DWORD modes) {
    bool in_place_only = (modes & HEAP_REALLOC_IN_PLACE_ONLY) != 0;
    bool large = span->kind == SPAN_LARGE;
    size_t old_size = span_get_size(span, index);
    void *resized = resize(heap, span, index, block, size, in_place_only);

    /* What cannot grow in place in a heap without a maximum lacks no memory. */
    if (resized == NULL && !(in_place_only && heap->limit == SIZE_MAX) && heap_make_room(heap))
        resized = resize(heap, span, index, block, size, in_place_only);
    if (resized != NULL && size > old_size && (modes & HEAP_ZERO_MEMORY))
        clear_growth(resized, large, old_size, size);
    return resized;
}
