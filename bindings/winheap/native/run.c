#include "run.h"

#include "owner.h"
#include "pages.h"
#include "segment.h"
#include "shadow.h"
#include "span.h"

static uint32_t run_units(size_t size) {
    return size == 0 ? 1 : (uint32_t)((size + UNIT_BYTES - 1) / UNIT_BYTES);
}

void run_describe(struct span *span, enum span_kind kind, char *base, size_t size) {
    span->kind = (uint8_t)kind;
    span->base = base;
    span->table = &span->live;
    atomic_store_explicit(&span->local, NULL, memory_order_relaxed);
    span->live = ENTRY_LIVE;
    span->listed = false;
    span->size = 0;
    span->inverse = 1; /* the index is the offset: only 0 is less than carved */
    span->shift = 0;
    span->blocks = 1;
    span->carved = 1;
    span->requested = size;
}

void *run_new(struct heap *heap, size_t size, bool zero) {
    uint32_t units = run_units(size);
    struct span *span = segment_take_units(heap, units);
    struct segment *segment = segment_of(span);
    uint32_t unit;

    if (span == NULL)
        return NULL;
    unit = span_unit(span);
    shadow_open(unit_start(segment, unit), size);
    if (zero)
        pages_clear(segment, unit, size);
    if (!pages_commit(heap, segment, unit, pages_of(size))) {
        segment_give_units(heap, segment, unit, units);
        return NULL;
    }
    run_describe(span, SPAN_RUN, unit_start(segment, unit), size);
    span->units = (uint8_t)units;
    owner_set(span->base, span);
    return span->base;
}

void run_free(struct heap *heap, struct span *span) {
    struct segment *segment = segment_of(span);

    segment_give_units(heap, segment, span_unit(span), span->units);
}

static bool run_grow(struct heap *heap, struct span *span, uint32_t units, size_t size) {
    struct segment *segment = segment_of(span);
    uint32_t unit = span_unit(span);
    uint32_t more = units - span->units;

    if (more != 0 && !segment_take_at(heap, segment, unit + span->units, more))
        return false;
    if (pages_commit(heap, segment, unit, pages_of(size)))
        return true;
    if (more != 0)
        segment_give_units(heap, segment, unit + span->units, more);
    return false;
}

bool run_resize(struct heap *heap, struct span *span, size_t size) {
    struct segment *segment = segment_of(span);
    uint32_t unit = span_unit(span);
    uint32_t units;

    if (size > SEGMENT_BYTES)
        return false;
    units = run_units(size);
    if (units >= span->units && !run_grow(heap, span, units, size))
        return false;
    if (units < span->units)
        segment_give_units(heap, segment, unit + units, span->units - units);
    span->units = (uint8_t)units;
    shadow_resize(span->base, span->requested, size);
    span->requested = size;
    return true;
}
