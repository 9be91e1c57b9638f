#include "large.h"

#include "os.h"
#include "owner.h"
#include "pages.h"
#include "run.h"
#include "segment.h"
#include "shadow.h"

/*
 * The block starts behind a header of which one page is touched, where its alignment wants it: 64
 * KiB behind the header's start unless more than that is asked for.
 */
static size_t large_start(const struct segment *segment) {
    return (size_t)(segment->span[0].base - (const char *)segment);
}

static size_t large_bytes(size_t start, size_t size) {
    return start + block_pages(size) * PAGE_BYTES;
}

size_t large_pages(const struct segment *segment) {
    return (segment->bytes - large_start(segment)) / PAGE_BYTES;
}

/*
 * In the 64 KiB before the block but for a header, and behind the block up to the end of its pages,
 * nothing may be touched. A mapping comes from the system open, and is given back so.
 */
static void large_edges(struct segment *segment, void (*change)(const void *start, size_t bytes)) {
    const char *block = segment->span[0].base;
    size_t size = segment->span[0].requested;

    change(block - UNIT_BYTES + PAGE_BYTES, UNIT_BYTES - PAGE_BYTES);
    change(block + size, block_pages(size) * PAGE_BYTES - size);
}

/* All of an executable one, its header too: mremap moves one kind of pages at a time. */
static bool large_protect(const struct heap *heap, struct segment *segment, size_t bytes,
                          size_t guard) {
    if ((heap->options & HEAP_CREATE_ENABLE_EXECUTE) != 0 && !os_make_executable(segment, bytes))
        return false;
    return guard == 0 || os_guard((char *)segment + bytes, guard);
}

/* Where the block starts in a mapping whose address is known. */
static size_t large_offset(const struct segment *segment, size_t alignment) {
    return alignment - ((uintptr_t)segment & (alignment - 1));
}

static struct segment *large_map(const struct heap *heap, size_t size, size_t alignment) {
    size_t guard = (heap->options & HEAP_CREATE_HARDENED) != 0 ? PAGE_BYTES : 0;
    struct segment *segment = os_map_segments(large_bytes(alignment, size) + guard);
    size_t bytes;

    if (segment == NULL)
        return NULL;
    bytes = large_bytes(large_offset(segment, alignment), size);
    os_unmap((char *)segment + bytes + guard, large_bytes(alignment, size) - bytes);
    if (!large_protect(heap, segment, bytes, guard)) {
        os_unmap_segments(segment, bytes + guard);
        return NULL;
    }
    segment->guard = guard;
    return segment;
}

/* Fills in the header of a mapping that was made or moved, and enters it. */
static void *large_enter(struct heap *heap, struct segment *segment, size_t start, size_t size) {
    struct span *span = &segment->span[0];

    segment->heap = heap;
    segment->bytes = large_bytes(start, size);
    run_describe(span, SPAN_LARGE, (char *)segment + start, size);
    large_edges(segment, shadow_close);
    segment_link(&heap->large, segment);
    owner_set(span->base, span);
    return span->base;
}

void *large_new(struct heap *heap, size_t size, size_t alignment) {
    struct segment *segment;

    if (size > BLOCK_MAX || !pages_charge(heap, block_pages(size)))
        return NULL;
    segment = large_map(heap, size, alignment);
    if (segment == NULL) {
        pages_discharge(heap, block_pages(size));
        return NULL;
    }
    return large_enter(heap, segment, large_offset(segment, alignment), size);
}

void large_free(struct heap *heap, struct span *span) {
    struct segment *segment = segment_of(span);

    owner_set(span->base, NULL);
    segment_unlink(&heap->large, segment);
    pages_discharge(heap, large_pages(segment));
    large_edges(segment, shadow_open);
    os_unmap_segments(segment, segment->bytes + segment->guard);
}

/* A guard page stays where it is: such a block shrinks within its pages, and never grows. */
static bool large_resize_guarded(struct span *span, size_t pages, size_t size) {
    if (pages_of(size) > pages)
        return false;
    large_edges(segment_of(span), shadow_open);
    span->requested = size;
    large_edges(segment_of(span), shadow_close);
    return true;
}

bool large_resize(struct heap *heap, struct span *span, size_t size) {
    struct segment *segment = segment_of(span);
    size_t bytes = large_bytes(large_start(segment), size);
    size_t pages = large_pages(segment);
    size_t wanted = block_pages(size);

    if (segment->guard != 0)
        return large_resize_guarded(span, pages, size);
    if (size > BLOCK_MAX || (wanted > pages && !pages_charge(heap, wanted - pages)))
        return false;
    large_edges(segment, shadow_open);
    if (wanted != pages && !os_resize(segment, segment->bytes, bytes)) {
        large_edges(segment, shadow_close);
        if (wanted > pages)
            pages_discharge(heap, wanted - pages);
        return false;
    }
    if (wanted < pages)
        pages_discharge(heap, pages - wanted);
    segment->bytes = bytes;
    span->requested = size;
    large_edges(segment, shadow_close);
    return true;
}

void *large_move(struct heap *heap, struct span *span, size_t size) {
    struct segment *segment = segment_of(span);
    size_t old_size = span->requested;
    size_t more = pages_of(size) - large_pages(segment);
    size_t start = large_start(segment);
    struct segment *moved;

    if (size > BLOCK_MAX || !pages_charge(heap, more))
        return NULL;
    owner_set(span->base, NULL);
    segment_unlink(&heap->large, segment);
    large_edges(segment, shadow_open);
    moved = os_move(segment, segment->bytes, large_bytes(start, size));
    if (moved != NULL)
        return large_enter(heap, moved, start, size);
    large_enter(heap, segment, start, old_size);
    pages_discharge(heap, more);
    return NULL;
}

void large_release_all(struct heap *heap) {
    struct segment *segment = heap->large;

    while (segment != NULL) {
        struct segment *next = segment->next;
        owner_set(segment->span[0].base, NULL);
        large_edges(segment, shadow_open);
        os_unmap_segments(segment, segment->bytes + segment->guard);
        segment = next;
    }
    heap->large = NULL;
}
