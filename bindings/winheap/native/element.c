#include "element.h"

#include "debug.h"
#include "large.h"

/* Whole units of one use, from the first one's start: offsets. */
struct stretch {
    char *start;
    size_t blocks;    /* end of the carved blocks */
    size_t committed; /* end of the pages with memory */
    size_t end;
    struct span *span; /* NULL: free units */
};

static bool segment_is_large(const struct segment *segment) {
    return segment->span[0].kind == SPAN_LARGE;
}

static char *segment_end(struct segment *segment) {
    return (char *)segment + segment->bytes;
}

static struct stretch stretch_large(struct segment *segment) {
    size_t bytes = large_pages(segment) * PAGE_BYTES;

    return (struct stretch){segment->span[0].base, bytes, bytes, bytes, &segment->span[0]};
}

static struct stretch stretch_units(struct segment *segment, uint32_t unit, struct span *span,
                                    size_t blocks) {
    uint32_t units = span != NULL && span->kind == SPAN_RUN ? span->units : 1;
    size_t end = units * UNIT_BYTES;
    size_t committed = end - UNIT_BYTES + segment->touched[unit + units - 1] * PAGE_BYTES;

    return (struct stretch){unit_start(segment, unit), blocks, committed, end, span};
}

/* Of the segment's blocks' units, the one that holds this address. */
static struct stretch stretch_at(struct segment *segment, const char *address) {
    uint32_t unit = (uint32_t)((size_t)(address - (char *)segment) / UNIT_BYTES);
    struct span *span;

    if (segment_is_large(segment))
        return stretch_large(segment);
    if ((segment->free_units >> unit & 1) != 0)
        return stretch_units(segment, unit, NULL, 0);
    while ((span = segment_span(segment, unit))->kind == SPAN_NONE)
        unit--; /* to the first unit of its run */
    if (span->kind == SPAN_RUN)
        return stretch_units(segment, unit, span, block_pages(span->requested) * PAGE_BYTES);
    return stretch_units(segment, unit, span, (size_t)span->carved * span->size);
}

static bool element_of_block(const struct heap *heap, const struct stretch *stretch, size_t offset,
                             struct element *element) {
    const struct span *span = stretch->span;
    size_t extent = span->kind == SPAN_BLOCKS ? span->size : stretch->blocks;
    uint32_t index = (uint32_t)(offset / extent);
    bool live;

    if (offset % extent != 0)
        return false;
    live = span->table[index] >= ENTRY_LIVE;
    element->extent = extent;
    element->bytes = live ? span_get_size(span, index) - debug_tail(heap) : extent;
    element->flags = live ? PROCESS_HEAP_ENTRY_BUSY : 0;
    element->block = true;
    return true;
}

/* What stands behind a stretch's blocks: committed pages, and then pages that are not. */
static bool element_of_rest(const struct stretch *stretch, size_t offset, struct element *element) {
    bool committed = offset < stretch->committed;

    if (offset != (committed ? stretch->blocks : stretch->committed))
        return false;
    element->extent = (committed ? stretch->committed : stretch->end) - offset;
    element->bytes = element->extent;
    element->flags = committed ? 0 : PROCESS_HEAP_UNCOMMITTED_RANGE;
    element->block = false;
    return true;
}

static bool element_at(const struct heap *heap, struct segment *segment, char *address,
                       struct element *element) {
    struct stretch stretch = stretch_at(segment, address);
    size_t offset = (size_t)(address - stretch.start);

    element->segment = segment;
    element->start = address;
    if (offset < stretch.blocks)
        return element_of_block(heap, &stretch, offset, element);
    return element_of_rest(&stretch, offset, element);
}

static bool element_of_region(struct segment *segment, struct element *element) {
    if (segment == NULL)
        return false;
    element->segment = segment;
    element->start = (char *)segment;
    element->extent = segment_is_large(segment) ? (size_t)(segment->span[0].base - (char *)segment)
                                                : SEGMENT_META_UNITS * UNIT_BYTES;
    element->bytes = segment->bytes;
    element->flags = PROCESS_HEAP_REGION;
    element->block = false;
    return true;
}

/* The heap's three lists, one behind the other. */
static struct segment *segment_after(const struct heap *heap, const struct segment *segment) {
    if (segment->next != NULL || segment_is_large(segment))
        return segment->next;
    if (segment->free_units != 0 && heap->full != NULL)
        return heap->full;
    return heap->large;
}

bool element_first(const struct heap *heap, struct element *element) {
    struct segment *segment = heap->open != NULL ? heap->open : heap->full;

    return element_of_region(segment != NULL ? segment : heap->large, element);
}

bool element_next(const struct heap *heap, struct element *element) {
    struct segment *segment = element->segment;
    char *next = element->start + element->extent;

    if (next < segment_end(segment))
        return element_at(heap, segment, next, element);
    return element_of_region(segment_after(heap, segment), element);
}

static bool segment_is_listed(const struct segment *list, const struct segment *segment) {
    while (list != NULL && list != segment)
        list = list->next;
    return list != NULL;
}

/* A segment tells by its blocks whose it is; one without blocks is looked for. */
static bool segment_is_ours(const struct heap *heap, struct segment *segment) {
    for (uint32_t unit = 1; unit < SEGMENT_UNITS; unit++) {
        const struct span *span = owner_span(unit_start(segment, unit));
        if (span != NULL)
            return segment_of(span) == segment && segment->heap == heap;
    }
    return segment_is_listed(heap->open, segment) || segment_is_listed(heap->full, segment) ||
           segment_is_listed(heap->large, segment);
}

bool element_find(const struct heap *heap, char *start, WORD flags, struct element *element) {
    const struct span *span = owner_span(start);
    struct segment *segment = segment_of(span != NULL ? (const char *)span : start);

    if (!segment_is_ours(heap, segment) || !element_of_region(segment, element))
        return false;
    if (start == (char *)segment)
        return flags == PROCESS_HEAP_REGION;
    if (start < (char *)segment + element->extent)
        return false;
    return element_at(heap, segment, start, element) && element->flags == flags;
}
