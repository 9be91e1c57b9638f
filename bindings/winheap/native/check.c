/* HeapValidate's whole-heap check: whatever the structures say twice must agree. */
#include "heap.h"
#include "large.h"

struct tally {
    size_t committed; /* pages */
    size_t listed;    /* spans that say they are in a list */
    size_t segments;
};

/* Takes the list's blocks off *blocks, and is false when there are more: it would be a cycle. */
static bool check_list(const struct span *span, uint32_t first, uint32_t *blocks) {
    for (uint32_t index = first; index != ENTRY_NONE; index = span->table[index])
        if (index >= span->carved || (*blocks)-- == 0)
            return false;
    return true;
}

/* Mail counts as live. */
static bool check_until(const struct span *span, uint32_t live) {
    if (span->listed)
        return span->until == live + (span->previous == &span_none);
    return span->until == 1 && live == span->blocks;
}

static bool check_blocks(const struct heap *heap, struct span *span) {
    uint32_t free_blocks = 0, mail;

    if (span->carved > span->blocks || span->size != sizeclass_size(span->sizeclass) ||
        span->local == NULL || atomic_load(&span->local)->heap != heap)
        return false;
    for (uint32_t i = 0; i < span->carved; i++) {
        if (span->table[i] > ENTRY_LIVE + span->size)
            return false;
        free_blocks += span->table[i] < ENTRY_LIVE;
    }
    if (span->free != ENTRY_NONE && span->block != span_block(span, span->free))
        return false;
    mail = free_blocks;
    if (!check_list(span, span->free, &mail) ||
        !check_until(span, span->carved - free_blocks + mail))
        return false;
    return check_list(span, span_mail(span)->first, &mail) && mail == 0;
}

static bool check_single(const struct span *span) {
    return span->carved == 1 && span->table == &span->live && span->live == ENTRY_LIVE &&
           span->local == NULL;
}

static bool check_run(struct segment *segment, uint32_t unit) {
    const struct span *span = segment_span(segment, unit);

    if (!check_single(span) || span->units == 0 || unit + span->units > SEGMENT_UNITS ||
        span->requested > span->units * UNIT_BYTES)
        return false;
    for (uint32_t i = 1; i < span->units; i++)
        if (span[i].kind != SPAN_NONE || (segment->free_units >> (unit + i) & 1) != 0)
            return false;
    return true;
}

static bool check_unit(const struct heap *heap, struct segment *segment, uint32_t unit,
                       struct tally *tally) {
    struct span *span = segment_span(segment, unit);
    bool is_free = (segment->free_units >> unit & 1) != 0;

    if (span->kind == SPAN_NONE)
        return is_free;
    if (is_free || span->base != unit_start(segment, unit) || owner_span(span->base) != span)
        return false;
    tally->listed += span->listed;
    return span->kind == SPAN_BLOCKS ? check_blocks(heap, span) : check_run(segment, unit);
}

static bool check_segment(const struct heap *heap, struct segment *segment, struct tally *tally) {
    uint32_t unit = SEGMENT_META_UNITS;

    if (segment->heap != heap)
        return false;
    while (unit < SEGMENT_UNITS) {
        const struct span *span = segment_span(segment, unit);
        if (!check_unit(heap, segment, unit, tally))
            return false;
        unit += span->kind == SPAN_RUN ? span->units : 1;
    }
    for (unit = SEGMENT_META_UNITS; unit < SEGMENT_UNITS; unit++)
        tally->committed += segment->touched[unit];
    tally->segments++;
    return true;
}

static bool check_segments(const struct heap *heap, struct segment *segment, struct tally *tally) {
    for (; segment != NULL; segment = segment->next)
        if (!check_segment(heap, segment, tally))
            return false;
    return true;
}

static bool check_spares(const struct heap *heap) {
    size_t spares = 0;

    for (const struct segment *segment = heap->spare; segment != NULL; segment = segment->next)
        if (++spares > heap->spares)
            return false;
    return spares == heap->spares;
}

static bool check_large(const struct heap *heap, struct tally *tally) {
    for (struct segment *segment = heap->large; segment != NULL; segment = segment->next) {
        struct span *span = &segment->span[0];
        if (owner_span(span->base) != span || span->kind != SPAN_LARGE || !check_single(span) ||
            span->requested > large_pages(segment) * PAGE_BYTES)
            return false;
        tally->committed += large_pages(segment);
    }
    return true;
}

/* A class's list; takes its spans off *listed. */
static bool check_class(const struct local *local, uint32_t sizeclass, size_t *listed) {
    const struct span *previous = &span_none;

    for (const struct span *span = local->current[sizeclass]; span != &span_none;
         span = span->next) {
        if ((*listed)-- == 0 || !span->listed || span->sizeclass != sizeclass ||
            span->local != local || span->previous != previous)
            return false;
        previous = span;
    }
    return true;
}

static bool check_lists(const struct heap *heap, size_t listed) {
    for (const struct local *local = heap->locals; local != NULL; local = local->next) {
        for (uint32_t i = 0; i < SIZECLASS_COUNT; i++)
            if (!check_class(local, i, &listed))
                return false;
        for (uint32_t i = 0; i < DIRECT_COUNT; i++)
            if (local->direct[i] != local->current[sizeclass_of(16 * (size_t)i)])
                return false;
    }
    return listed == 0;
}

bool heap_check(struct heap *heap) {
    struct tally tally = {0, 0, 0};

    return check_segments(heap, heap->open, &tally) && check_segments(heap, heap->full, &tally) &&
           check_spares(heap) && tally.segments == heap->segments && check_large(heap, &tally) &&
           check_lists(heap, tally.listed) && tally.committed == heap->committed &&
           tally.committed <= heap->limit;
}
