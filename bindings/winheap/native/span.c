#include "span.h"

#include "pages.h"
#include "segment.h"

#include <string.h>

#define SPAN_COLOURS 8 /* lines; more would cost memory in each span's first page */

struct span span_none;

/*
 * Where block 0 stands: spans of one class in different units start on different cache sets. Only
 * as far as the first block still ends in the pages that its size needs.
 */
static size_t span_colour(const struct segment *segment, uint32_t unit, size_t size) {
    size_t room = (-size & (PAGE_BYTES - 1)) / LINE_BYTES;
    size_t colours = room < SPAN_COLOURS - 1 ? room + 1 : SPAN_COLOURS;

    return (unit + ((uintptr_t)segment >> SEGMENT_SHIFT)) % colours * LINE_BYTES;
}

/* One byte per block, and two more where slack can exceed what a byte says. */
static size_t span_table_bytes(uint32_t blocks, uint32_t size) {
    return size < SPAN_WIDE ? blocks : ((blocks + 1) & ~1u) + sizeof(uint16_t) * blocks;
}

static void span_list_first(struct heap *heap, struct span *span) {
    struct span **head = &heap->current[span->sizeclass];

    span->listed = true;
    span->previous = &span_none;
    span->next = *head;
    if (*head != &span_none)
        (*head)->previous = span;
    *head = span;
}

/* At the head of its class's list, or second: a head with many blocks left stays. */
static void span_list(struct heap *heap, struct span *span) {
    struct span *first = heap->current[span->sizeclass];

    if (first == &span_none) {
        span_list_first(heap, span);
        return;
    }
    span->listed = true;
    span->previous = first;
    span->next = first->next;
    if (first->next != &span_none)
        first->next->previous = span;
    first->next = span;
}

static void span_unlist(struct heap *heap, struct span *span) {
    span->listed = false;
    if (span->next != &span_none)
        span->next->previous = span->previous;
    if (span->previous != &span_none)
        span->previous->next = span->next;
    else
        heap->current[span->sizeclass] = span->next;
}

struct span *span_new(struct heap *heap, uint32_t sizeclass) {
    struct span *span = segment_take_units(heap, 1);
    uint32_t size = sizeclass_size(sizeclass);
    struct segment *segment = segment_of(span);
    size_t colour;
    uint32_t unit;

    if (span == NULL)
        return NULL;
    unit = (uint32_t)(span - segment->span);
    colour = span_colour(segment, unit, size);
    span->kind = SPAN_BLOCKS;
    span->sizeclass = (uint8_t)sizeclass;
    span->size = size;
    span->base = unit_start(segment, unit) + colour;
    span->blocks = (uint16_t)((UNIT_BYTES - colour) / size);
    span->shift = (uint8_t)__builtin_ctz(size);
    span->inverse = sizeclass_inverse(size >> span->shift);
    span->table = segment_table(segment, unit, span_table_bytes(span->blocks, size));
    span_list(heap, span);
    return span;
}

/* Every block that ends in the pages that the next block needs. */
bool span_carve(struct heap *heap, struct span *span) {
    struct segment *segment = segment_of(span);
    uint32_t unit = (uint32_t)(span - segment->span);
    size_t start = (size_t)(span->base - unit_start(segment, unit));
    size_t pages = pages_of(start + (span->carved + (size_t)1) * span->size);
    size_t end = (pages * PAGE_BYTES - start) / span->size;

    if (!pages_commit(heap, segment, unit, pages))
        return false;
    if (end > span->blocks)
        end = span->blocks;
    memset(span->table + span->carved, SPAN_FREE, end - span->carved);
    for (size_t i = end; i-- > span->carved;) {
        void **block = (void **)(void *)(span->base + i * span->size);
        *block = span->free;
        span->free = block;
    }
    span->carved = (uint32_t)end;
    return true;
}

struct span *span_pass(struct heap *heap, struct span *head) {
    struct span *span = head->next;

    while (span != &span_none && span->free == NULL)
        span = span->next;
    if (span == &span_none)
        return NULL;
    span_unlist(heap, span);
    span_list_first(heap, span);
    return span;
}

void span_detach(struct heap *heap, struct span *span) {
    span_unlist(heap, span);
    span->until = 1;
}

static void span_release(struct heap *heap, struct span *span) {
    struct segment *segment = segment_of(span);

    span_unlist(heap, span);
    segment_give_units(heap, segment, (uint32_t)(span - segment->span), 1);
}

/*
 * An empty span is kept while it is its class's only one with room: otherwise a pair of calls at a
 * span's edge would make and release one each time.
 */
void span_settle(struct heap *heap, struct span *span) {
    if (!span->listed) {
        span->until = span->carved - 1u;
        span_list(heap, span);
    }
    if (span->until == 0 && (span->next != &span_none || span->previous != &span_none))
        span_release(heap, span);
}

bool span_release_empty(struct heap *heap) {
    bool released = false;

    for (uint32_t i = 0; i < SIZECLASS_COUNT; i++) {
        struct span *span = heap->current[i];
        while (span != &span_none) {
            struct span *next = span->next;
            if (span->until == 0) {
                span_release(heap, span);
                released = true;
            }
            span = next;
        }
    }
    return released;
}
