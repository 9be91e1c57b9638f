#include "large.h"

#include "os.h"
#include "owner.h"
#include "pages.h"
#include "run.h"
#include "segment.h"

/* Behind a header of which one page is touched: the block is aligned like a run. */
#define LARGE_UNIT 1

static size_t large_bytes(size_t size) {
    return UNIT_BYTES + block_pages(size) * PAGE_BYTES;
}

static size_t large_pages(const struct segment *segment) {
    return (segment->bytes - UNIT_BYTES) / PAGE_BYTES;
}

/* Fills in the header of a mapping that was made or moved, and enters it. */
static void *large_enter(struct heap *heap, struct segment *segment, size_t size) {
    struct span *span = &segment->span[0];

    segment->heap = heap;
    segment->bytes = large_bytes(size);
    run_describe(span, SPAN_LARGE, unit_start(segment, LARGE_UNIT), size);
    segment_link(&heap->large, segment);
    owner_set(span->base, span);
    return span->base;
}

void *large_new(struct heap *heap, size_t size) {
    struct segment *segment;

    if (size > BLOCK_MAX || !pages_charge(heap, pages_of(size)))
        return NULL;
    segment = os_map_segments(large_bytes(size));
    if (segment == NULL) {
        pages_discharge(heap, pages_of(size));
        return NULL;
    }
    return large_enter(heap, segment, size);
}

void large_free(struct heap *heap, struct span *span) {
    struct segment *segment = segment_of(span);

    owner_set(span->base, NULL);
    segment_unlink(&heap->large, segment);
    pages_discharge(heap, large_pages(segment));
    os_unmap_segments(segment, segment->bytes);
}

bool large_resize(struct heap *heap, struct span *span, size_t size) {
    struct segment *segment = segment_of(span);
    size_t pages = large_pages(segment);
    size_t wanted = block_pages(size);

    if (size > BLOCK_MAX || (wanted > pages && !pages_charge(heap, wanted - pages)))
        return false;
    if (wanted != pages && !os_resize(segment, segment->bytes, large_bytes(size))) {
        if (wanted > pages)
            pages_discharge(heap, wanted - pages);
        return false;
    }
    if (wanted < pages)
        pages_discharge(heap, pages - wanted);
    segment->bytes = large_bytes(size);
    span->requested = size;
    return true;
}

void *large_move(struct heap *heap, struct span *span, size_t size) {
    struct segment *segment = segment_of(span);
    size_t old_size = span->requested;
    size_t more = pages_of(size) - large_pages(segment);
    struct segment *moved;

    if (size > BLOCK_MAX || !pages_charge(heap, more))
        return NULL;
    owner_set(span->base, NULL);
    segment_unlink(&heap->large, segment);
    moved = os_move(segment, segment->bytes, large_bytes(size));
    if (moved != NULL)
        return large_enter(heap, moved, size);
    large_enter(heap, segment, old_size);
    pages_discharge(heap, more);
    return NULL;
}

void large_release_all(struct heap *heap) {
    struct segment *segment = heap->large;

    while (segment != NULL) {
        struct segment *next = segment->next;
        owner_set(unit_start(segment, LARGE_UNIT), NULL);
        os_unmap_segments(segment, segment->bytes);
        segment = next;
    }
    heap->large = NULL;
}
