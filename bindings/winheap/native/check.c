/* HeapValidate's whole-heap check: whatever the structures say twice must agree. */
#include "heap.h"

struct tally {
    size_t committed; /* pages */
    size_t listed;    /* spans that say they are in a list */
    size_t segments;
};

/* Nothing is read through a link before it is known to point to a free carved block. */
static bool check_link(const struct span *span, const void *block, uint32_t *index) {
    if (segment_of(block) != segment_of(span))
        return false;
    *index = span_index(span, block);
    return *index < span->carved && span->table[*index] == SPAN_FREE;
}

/* The list has as many links as there are free blocks: more would be a cycle. */
static bool check_free_list(const struct span *span, uint32_t free_blocks) {
    const void *block = span->free;
    uint32_t index;

    while (block != NULL) {
        if (free_blocks == 0 || !check_link(span, block, &index))
            return false;
        block = *(void *const *)block;
        free_blocks--;
    }
    return free_blocks == 0;
}

static bool check_entry(const struct span *span, uint32_t index) {
    uint32_t entry = span->table[index];

    if (entry == SPAN_WIDE)
        return span->size >= SPAN_WIDE && span_wide_table(span)[index] <= span->size;
    return entry == SPAN_FREE || entry <= span->size;
}

static bool check_blocks(const struct span *span) {
    uint32_t live = 0;

    if (span->carved > span->blocks || span->size != sizeclass_size(span->sizeclass))
        return false;
    for (uint32_t i = 0; i < span->carved; i++) {
        if (!check_entry(span, i))
            return false;
        live += span->table[i] != SPAN_FREE;
    }
    if (span->until != (span->listed ? live : 1) || (!span->listed && live != span->blocks))
        return false;
    return check_free_list(span, span->carved - live);
}

static bool check_single(const struct span *span) {
    return span->carved == 1 && span->table == &span->live && span->live == 0 && span->until == 1;
}

static bool check_run(const struct segment *segment, uint32_t unit) {
    const struct span *span = &segment->span[unit];

    if (!check_single(span) || span->units == 0 || unit + span->units > SEGMENT_UNITS ||
        span->requested > span->units * UNIT_BYTES)
        return false;
    for (uint32_t i = 1; i < span->units; i++)
        if (span[i].kind != SPAN_NONE || (segment->free_units >> (unit + i) & 1) != 0)
            return false;
    return true;
}

static bool check_unit(struct segment *segment, uint32_t unit, struct tally *tally) {
    const struct span *span = &segment->span[unit];
    bool is_free = (segment->free_units >> unit & 1) != 0;

    if (span->kind == SPAN_NONE)
        return is_free;
    if (is_free || (span->base < unit_start(segment, unit)) ||
        (span->base >= unit_start(segment, unit + 1)))
        return false;
    tally->listed += span->listed;
    return span->kind == SPAN_BLOCKS ? check_blocks(span) : check_run(segment, unit);
}

static bool check_segment(const struct heap *heap, struct segment *segment, struct tally *tally) {
    uint32_t unit = SEGMENT_META_UNITS;

    if (owner_of(segment) != owner_value(heap) || segment->heap != heap)
        return false;
    while (unit < SEGMENT_UNITS) {
        const struct span *span = &segment->span[unit];
        if (!check_unit(segment, unit, tally))
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
        if (++spares > heap->spares || owner_of(segment) != 0)
            return false;
    return spares == heap->spares;
}

static bool check_large(const struct heap *heap, struct tally *tally) {
    for (struct segment *segment = heap->large; segment != NULL; segment = segment->next) {
        const struct span *span = &segment->span[1];
        if (owner_of(segment) != owner_value(heap) || span->kind != SPAN_LARGE ||
            !check_single(span) || span->requested > segment->bytes - UNIT_BYTES)
            return false;
        tally->committed += (segment->bytes - UNIT_BYTES) / PAGE_BYTES;
    }
    return true;
}

static bool check_lists(const struct heap *heap, size_t listed) {
    for (uint32_t i = 0; i < SIZECLASS_COUNT; i++) {
        const struct span *previous = &span_none;
        for (const struct span *span = heap->current[i]; span != &span_none; span = span->next) {
            if (listed-- == 0 || !span->listed || span->sizeclass != i ||
                span->previous != previous)
                return false;
            previous = span;
        }
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
