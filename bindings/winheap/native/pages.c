#include "pages.h"

#include "os.h"

#include <string.h>

bool pages_charge(struct heap *heap, size_t pages) {
    if (pages > heap->limit - heap->committed)
        return false;
    heap->committed += pages;
    return true;
}

void pages_discharge(struct heap *heap, size_t pages) {
    heap->committed -= pages;
}

static size_t pages_in_unit(size_t pages, uint32_t index) {
    size_t before = index * UNIT_PAGES;

    if (pages <= before)
        return 0;
    return pages - before < UNIT_PAGES ? pages - before : UNIT_PAGES;
}

bool pages_commit(struct heap *heap, struct segment *segment, uint32_t unit, size_t pages) {
    uint32_t units = (uint32_t)((pages + UNIT_PAGES - 1) / UNIT_PAGES);
    size_t missing = 0;

    for (uint32_t i = 0; i < units; i++) {
        size_t wanted = pages_in_unit(pages, i);
        size_t touched = segment->touched[unit + i];
        missing += wanted > touched ? wanted - touched : 0;
    }
    if (!pages_charge(heap, missing))
        return false;
    for (uint32_t i = 0; i < units; i++) {
        size_t wanted = pages_in_unit(pages, i);
        if (wanted > segment->touched[unit + i])
            segment->touched[unit + i] = (uint8_t)wanted;
    }
    return true;
}

void pages_clear(struct segment *segment, uint32_t unit, size_t bytes) {
    for (; bytes != 0; unit++) {
        size_t here = bytes < UNIT_BYTES ? bytes : UNIT_BYTES;
        size_t dirty = segment->touched[unit] * PAGE_BYTES;
        memset(unit_start(segment, unit), 0, here < dirty ? here : dirty);
        bytes -= here;
    }
}

/* Pages that the blocks of the unit's span or run need, from the first unit's start. */
static size_t pages_of_span(const struct span *span) {
    size_t start = (uintptr_t)span->base % UNIT_BYTES;

    if (span->kind == SPAN_BLOCKS)
        return pages_of(start + (size_t)span->carved * span->size);
    return span->kind == SPAN_RUN ? block_pages(span->requested) : 0;
}

static size_t trim_unit(struct segment *segment, uint32_t unit, size_t used) {
    size_t touched = segment->touched[unit];

    if (touched <= used)
        return 0;
    os_decommit(unit_start(segment, unit) + used * PAGE_BYTES, (touched - used) * PAGE_BYTES);
    segment->touched[unit] = (uint8_t)used;
    return touched - used;
}

static size_t trim_segment(struct segment *segment) {
    size_t pages = 0;
    uint32_t unit = SEGMENT_META_UNITS;

    while (unit < SEGMENT_UNITS) {
        const struct span *span = segment_span(segment, unit);
        uint32_t units = span->kind == SPAN_RUN ? span->units : 1;
        size_t used = pages_of_span(span);
        for (uint32_t i = 0; i < units; i++)
            pages += trim_unit(segment, unit + i, pages_in_unit(used, i));
        unit += units;
    }
    return pages;
}

size_t pages_trim(struct heap *heap) {
    size_t pages = 0;

    for (struct segment *segment = heap->open; segment != NULL; segment = segment->next)
        pages += trim_segment(segment);
    for (struct segment *segment = heap->full; segment != NULL; segment = segment->next)
        pages += trim_segment(segment);
    pages_discharge(heap, pages);
    return pages;
}
