/* Changing a block's size: in its slot, in its run or mapping, by moving pages, by copying. */
#include "heap.h"
#include "large.h"
#include "run.h"

#include <string.h>

struct change {
    void *block;
    size_t size;
    size_t old_size;
    enum span_kind kind; /* SPAN_NONE: not a live block of the heap */
    bool in_place_only;
};

/* Whoever may use the block may change its entry: no other thread looks at it meanwhile. */
static void *resize_found(struct heap *heap, struct change *change) {
    uint32_t index;
    struct span *span = heap_find(heap, change->block, &index);

    change->kind = span == NULL ? SPAN_NONE : span->kind;
    if (span == NULL)
        return NULL;
    change->old_size = span_get_size(span, index);
    if (change->kind != SPAN_BLOCKS || change->size > span->size)
        return NULL;
    span_set_size(span, index, change->size);
    shadow_resize(change->block, change->old_size, change->size);
    return change->block;
}

static void *resize_in_slot(struct heap *heap, struct thread *self, struct change *change) {
    bool open = heap_section(heap, self);
    void *resized;

    if (!open)
        heap_lock(heap);
    resized = resize_found(heap, change);
    if (open)
        section_leave(self);
    else
        heap_unlock(heap);
    return resized;
}

static void *resize_pages(struct heap *heap, const struct change *change) {
    struct span *span = owner_span(change->block);

    if (change->kind == SPAN_RUN)
        return run_resize(heap, span, change->size) ? change->block : NULL;
    if (large_resize(heap, span, change->size))
        return change->block;
    return change->in_place_only ? NULL : large_move(heap, span, change->size);
}

/* What cannot grow in place in a heap without a maximum lacks no memory. */
static void *resize_locked(struct heap *heap, const struct change *change) {
    void *resized;

    heap_lock(heap);
    resized = resize_pages(heap, change);
    if (resized == NULL && !(change->in_place_only && heap->limit == SIZE_MAX) &&
        heap_make_room(heap))
        resized = resize_pages(heap, change);
    heap_unlock(heap);
    return resized;
}

static void *move_by_copy(struct heap *heap, struct thread *self, const struct change *change) {
    void *moved = heap_alloc(heap, self, change->size, false);

    if (moved == NULL)
        return NULL;
    /* A block only moves to grow. The analyzer takes the failed in-place try for a null block. */
    // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker)
    memcpy(moved, change->block, change->old_size);
    heap_free(heap, self, change->block);
    return moved;
}

/* Pages that a large block did not have before come zeroed; clearing them would commit them. */
static void clear_growth(char *block, const struct change *change) {
    size_t end = change->size;

    if (change->kind == SPAN_LARGE && end > block_pages(change->old_size) * PAGE_BYTES)
        end = block_pages(change->old_size) * PAGE_BYTES;
    memset(block + change->old_size, 0, end - change->old_size);
}

void *heap_realloc(struct heap *heap, struct thread *self, void *block, size_t size, DWORD modes,
                   bool *live) {
    struct change change = {
        .block = block, .size = size, .in_place_only = (modes & HEAP_REALLOC_IN_PLACE_ONLY) != 0};
    void *resized = resize_in_slot(heap, self, &change);

    *live = change.kind != SPAN_NONE;
    if (resized == NULL && (change.kind == SPAN_RUN || change.kind == SPAN_LARGE))
        resized = resize_locked(heap, &change);
    if (resized == NULL && !change.in_place_only &&
        (change.kind == SPAN_RUN || change.kind == SPAN_BLOCKS))
        resized = move_by_copy(heap, self, &change);
    if (resized != NULL && size > change.old_size && (modes & HEAP_ZERO_MEMORY))
        clear_growth(resized, &change);
    return resized;
}
