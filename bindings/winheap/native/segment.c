#include "segment.h"

#include "cache.h"
#include "os.h"
#include "owner.h"
#include "pages.h"
#include "shadow.h"

#include <string.h>

#define ALL_UNITS (~(uint64_t)0 << SEGMENT_META_UNITS)
#define TABLE_AREA_LINE (((sizeof(struct segment) + LINE_BYTES - 1) / LINE_BYTES))

void segment_link(struct segment **list, struct segment *segment) {
    segment->previous = NULL;
    segment->next = *list;
    if (*list != NULL)
        (*list)->previous = segment;
    *list = segment;
}

void segment_unlink(struct segment **list, struct segment *segment) {
    if (segment->next != NULL)
        segment->next->previous = segment->previous;
    if (segment->previous != NULL)
        segment->previous->next = segment->next;
    else
        *list = segment->next;
}

void segment_unmap(struct segment *segment) {
    shadow_open(segment, SEGMENT_BYTES);
    os_unmap_segments(segment, SEGMENT_BYTES);
}

static size_t segment_touched(const struct segment *segment) {
    size_t pages = 0;

    for (uint32_t unit = SEGMENT_META_UNITS; unit < SEGMENT_UNITS; unit++)
        pages += segment->touched[unit];
    return pages;
}

/* A fixed-size heap takes its reservation's segments; beyond those, when it is scattered, others.
 */
static struct segment *segment_from_reserve(struct heap *heap) {
    struct segment *segment;

    if (heap->reserve_used == heap->reserve_bytes)
        return os_map_segments(SEGMENT_BYTES);
    segment = (struct segment *)(void *)(heap->reserve + heap->reserve_used);
    heap->reserve_used += SEGMENT_BYTES;
    segment->reserved = true;
    return segment;
}

static struct segment *segment_take_spare(struct heap *heap) {
    struct segment *segment = heap->spare;

    if (segment != NULL) {
        heap->spare = segment->next;
        heap->spares--;
    }
    return segment;
}

static struct segment *segment_obtain(struct heap *heap) {
    struct segment *segment;

    if (heap->limit != SIZE_MAX)
        return segment_from_reserve(heap);
    segment = segment_take_spare(heap);
    if (segment == NULL && (heap->options & HEAP_CREATE_ENABLE_EXECUTE) == 0)
        segment = cache_take();
    return segment != NULL ? segment : os_map_segments(SEGMENT_BYTES);
}

/* One more segment in use: a new peak, or the old one is a segment longer ago. */
static void segment_count(struct heap *heap) {
    heap->segments++;
    if (heap->segments > heap->segments_peak)
        heap->segments_peak = heap->segments;
    else if (heap->segments < heap->segments_peak)
        heap->segments_peak--;
}

/* A new mapping: all is closed but the header. */
static void segment_begin(struct segment *segment) {
    size_t header = TABLE_AREA_LINE * LINE_BYTES;

    segment->table_top = TABLE_AREA_LINE;
    shadow_close((char *)segment + header, SEGMENT_BYTES - header);
}

/* The blocks' part of a segment is executable where the heap's is, and nowhere else. */
static bool segment_prepare(const struct heap *heap, struct segment *segment) {
    char *blocks = unit_start(segment, SEGMENT_META_UNITS);

    if ((heap->options & HEAP_CREATE_ENABLE_EXECUTE) == 0 ||
        os_make_executable(blocks, SEGMENT_BYTES - SEGMENT_META_UNITS * UNIT_BYTES))
        return true;
    if (!segment->reserved)
        segment_unmap(segment);
    return false;
}

/* An empty segment at the head of the heap's open ones. */
static struct segment *segment_open(struct heap *heap) {
    struct segment *segment = segment_obtain(heap);

    if (segment == NULL || !segment_prepare(heap, segment))
        return NULL;
    segment->heap = heap;
    segment->bytes = SEGMENT_BYTES;
    segment->free_units = ALL_UNITS;
    if (segment->table_top == 0)
        segment_begin(segment);
    heap->committed += segment_touched(segment);
    segment_count(heap);
    segment_link(&heap->open, segment);
    return segment;
}

static bool segment_keep(struct heap *heap, struct segment *segment) {
    if (heap->spares >= heap->segments_peak / 2)
        return false;
    segment->next = heap->spare;
    heap->spare = segment;
    heap->spares++;
    return true;
}

/* For any growable heap, or for the system. */
static void segment_return(struct segment *segment) {
    if ((segment->heap->options & HEAP_CREATE_ENABLE_EXECUTE) != 0 || !cache_keep(segment))
        segment_unmap(segment);
}

/* Out of its list already; its descriptors are forgotten. */
static void segment_close(struct heap *heap, struct segment *segment) {
    pages_discharge(heap, segment_touched(segment));
    heap->segments--;
    if (heap->limit == SIZE_MAX) {
        if (!segment_keep(heap, segment))
            segment_return(segment);
    } else if (!segment->reserved) {
        segment_unmap(segment);
    }
}

bool segment_release_spares(struct heap *heap) {
    bool released = heap->spare != NULL;

    while (heap->spare != NULL)
        segment_unmap(segment_take_spare(heap));
    return released;
}

static uint64_t units_mask(uint32_t unit, uint32_t units) {
    return (~(uint64_t)0 >> (SEGMENT_UNITS - units)) << unit;
}

/* Bit u of the result: the units [u, u + units) are free. */
static uint64_t segment_places(const struct segment *segment, uint32_t units) {
    uint64_t places = segment->free_units;

    for (uint32_t i = 1; i < units; i++)
        places &= places >> 1;
    return places;
}

static void segment_mark_taken(struct heap *heap, struct segment *segment, uint64_t mask) {
    segment->free_units &= ~mask;
    if (segment->free_units == 0) {
        segment_unlink(&heap->open, segment);
        segment_link(&heap->full, segment);
    }
}

bool segment_take_at(struct heap *heap, struct segment *segment, uint32_t unit, uint32_t units) {
    uint64_t mask;

    if (unit + units > SEGMENT_UNITS)
        return false;
    mask = units_mask(unit, units);
    if ((segment->free_units & mask) != mask)
        return false;
    segment_mark_taken(heap, segment, mask);
    return true;
}

struct span *segment_take_units(struct heap *heap, uint32_t units) {
    struct segment *segment = heap->open;
    uint64_t places = 0;
    uint32_t unit;

    while (segment != NULL && (places = segment_places(segment, units)) == 0)
        segment = segment->next;
    if (segment == NULL) {
        segment = segment_open(heap);
        if (segment == NULL)
            return NULL;
        places = segment_places(segment, units);
    }
    unit = (uint32_t)__builtin_ctzll(places); /* the lowest: most likely to have pages already */
    segment_mark_taken(heap, segment, units_mask(unit, units));
    return segment_span(segment, unit);
}

/* A growable heap keeps its last segment, so that its next block finds one. */
static bool segment_is_spare(const struct heap *heap, const struct segment *segment) {
    return segment->free_units == ALL_UNITS && heap->limit == SIZE_MAX &&
           (segment->next != NULL || segment->previous != NULL || heap->full != NULL);
}

/* The descriptors keep their values: a stray pointer may be looked up at this very moment. */
static void segment_forget(struct segment *segment, uint32_t unit, uint32_t units) {
    shadow_close(unit_start(segment, unit), units * UNIT_BYTES);
    for (uint32_t i = unit; i < unit + units; i++) {
        owner_set(unit_start(segment, i), NULL);
        segment_span(segment, i)->kind = SPAN_NONE;
    }
}

void segment_give_units(struct heap *heap, struct segment *segment, uint32_t unit, uint32_t units) {
    if (segment->free_units == 0) {
        segment_unlink(&heap->full, segment);
        segment_link(&heap->open, segment);
    }
    segment->free_units |= units_mask(unit, units);
    segment_forget(segment, unit, units);
    if (segment_is_spare(heap, segment)) {
        segment_unlink(&heap->open, segment);
        segment_close(heap, segment);
    }
}

static uint32_t table_lines_for(size_t bytes) {
    uint32_t lines = 1;

    while (lines * LINE_BYTES < bytes)
        lines *= 2;
    return lines;
}

/*
 * A unit keeps its table for the next span. When that needs a larger one, it takes at least twice
 * the lines, so that all the tables a unit ever had are less than twice its largest, 128 lines: the
 * table area holds that for every unit and never runs out.
 */
span_entry *segment_table(struct segment *segment, uint32_t unit, size_t bytes) {
    uint32_t lines = table_lines_for(bytes);
    span_entry *table;

    if (segment->table_lines[unit] < lines) {
        segment->table_line[unit] = (uint16_t)segment->table_top;
        segment->table_lines[unit] = (uint8_t)lines;
        segment->table_top += lines;
    }
    table = (span_entry *)(void *)((char *)segment + segment->table_line[unit] * LINE_BYTES);
    shadow_open(table, lines * LINE_BYTES);
    return table;
}
static_assert(SEGMENT_META_UNITS * UNIT_BYTES / LINE_BYTES >=
                  TABLE_AREA_LINE + (SEGMENT_UNITS - SEGMENT_META_UNITS) * 255,
              "the table area holds every table of every unit");

static bool segment_populate_unit(struct heap *heap, struct segment *segment, uint32_t unit,
                                  size_t pages) {
    return os_populate(unit_start(segment, unit), pages * PAGE_BYTES) &&
           pages_commit(heap, segment, unit, pages);
}

/* Opens as many segments as the pages fill: an open one is not yet used by any block. */
bool segment_populate(struct heap *heap, size_t pages) {
    while (pages != 0) {
        struct segment *segment = segment_open(heap);
        if (segment == NULL)
            return false;
        for (uint32_t unit = SEGMENT_META_UNITS; unit < SEGMENT_UNITS && pages != 0; unit++) {
            size_t here = pages < UNIT_PAGES ? pages : UNIT_PAGES;
            if (!segment_populate_unit(heap, segment, unit, here))
                return false;
            pages -= here;
        }
    }
    return true;
}

static void segment_release_list(struct heap *heap, struct segment *segment) {
    while (segment != NULL) {
        struct segment *next = segment->next;
        segment_forget(segment, SEGMENT_META_UNITS, SEGMENT_BLOCK_UNITS);
        segment_close(heap, segment);
        segment = next;
    }
}

void segment_release_all(struct heap *heap) {
    heap->segments_peak = 0; /* keeps none */
    segment_release_list(heap, heap->open);
    segment_release_list(heap, heap->full);
    heap->open = NULL;
    heap->full = NULL;
    while (heap->spare != NULL)
        segment_return(segment_take_spare(heap));
    if (heap->reserve_bytes == 0)
        return;
    shadow_open(heap->reserve, heap->reserve_used);
    os_unmap_segments(heap->reserve, heap->reserve_bytes);
}
