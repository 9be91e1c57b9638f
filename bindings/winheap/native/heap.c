#include "heap.h"

#include "large.h"
#include "lock.h"
#include "os.h"
#include "pages.h"
#include "run.h"
#include "segment.h"

#include <string.h>

/* A fixed-size heap's address space, in whole segments: their metadata comes on top of max. */
static bool heap_reserve(struct heap *heap, size_t max) {
    size_t usable = SEGMENT_BYTES - SEGMENT_META_UNITS * UNIT_BYTES;

    heap->reserve_bytes = (pages_of(max) * PAGE_BYTES + usable - 1) / usable * SEGMENT_BYTES;
    heap->reserve = os_map_segments(heap->reserve_bytes);
    return heap->reserve != NULL;
}

bool heap_open(struct heap *heap, uint32_t options, size_t initial, size_t max) {
    heap->open = heap->full = heap->large = heap->spare = NULL;
    heap->segments = heap->segments_peak = heap->spares = 0;
    heap->committed = 0;
    heap->limit = max == 0 ? SIZE_MAX : pages_of(max);
    heap->reserve_bytes = heap->reserve_used = 0;
    heap->options = options;
    atomic_init(&heap->lock, LOCK_FREE);
    heap->detour = (options ^ HEAP_NO_SERIALIZE) & (HEAP_NO_SERIALIZE | HEAP_ZERO_MEMORY);
    for (int i = 0; i < SIZECLASS_COUNT; i++)
        heap->current[i] = &span_none;
    /* The kernel would let a larger initial size be touched until it has to kill somebody. */
    if (initial != 0 && initial > os_memory_bytes())
        return false;
    if (max > BLOCK_MAX || (max != 0 && !heap_reserve(heap, max)))
        return false;
    if (segment_populate(heap, pages_of(initial)))
        return true;
    heap_close(heap);
    return false;
}

void heap_close(struct heap *heap) {
    large_release_all(heap);
    segment_release_all(heap);
}

/* A listed span of the class with a free block; spans found to be full leave the list. */
static struct span *heap_ready_span(struct heap *heap, uint32_t sizeclass) {
    struct span *span;

    while ((span = heap->current[sizeclass]) != &span_none) {
        if (span->free != NULL)
            return span;
        if (span->carved < span->blocks)
            return span_carve(heap, span) ? span : span_pass(heap, span);
        span_detach(heap, span);
    }
    span = span_new(heap, sizeclass);
    return span != NULL && span_carve(heap, span) ? span : NULL;
}

static void *heap_alloc_block(struct heap *heap, size_t size, bool zero) {
    struct span *span = heap_ready_span(heap, sizeclass_of(size));

    if (span == NULL)
        return NULL;
    return zero ? memset(span_take(span, size), 0, size) : span_take(span, size);
}

static void *heap_alloc_any(struct heap *heap, size_t size, bool zero) {
    if (size <= SIZECLASS_MAX)
        return heap_alloc_block(heap, size, zero);
    return size <= RUN_MAX ? run_new(heap, size, zero) : large_new(heap, size);
}

bool heap_make_room(struct heap *heap) {
    bool released;

    if (heap->limit == SIZE_MAX)
        return segment_release_spares(heap);
    released = span_release_empty(heap);
    return pages_trim(heap) != 0 || released;
}

void *heap_alloc_slow(struct heap *heap, size_t size, bool zero) {
    void *block = heap_alloc_any(heap, size, zero);

    if (block == NULL && heap_make_room(heap))
        block = heap_alloc_any(heap, size, zero);
    return block;
}

void heap_settle(struct heap *heap, struct span *span) {
    switch (span->kind) {
    case SPAN_RUN:
        run_free(heap, span);
        break;
    case SPAN_LARGE:
        large_free(heap, span);
        break;
    default:
        span_settle(heap, span);
    }
}
