/*
 * The engine's data structures. docs/engine.md draws them and says why they are as they are.
 *
 * A segment is 4 MiB of address space, aligned to its size, in 64 units of 64 KiB. A unit holds a
 * span (blocks of one size class), or is part of a run (one block of whole units), or is free.
 * A large block is a segment of its own with one run, so that every pointer is checked alike.
 */
#ifndef WINHEAP_NATIVE_LAYOUT_H
#define WINHEAP_NATIVE_LAYOUT_H

#include "sizeclass.h"

#include "winheap/heapapi.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define NOINLINE __attribute__((noinline))
#define INTERNAL __attribute__((visibility("hidden"))) /* spares a load through the GOT */

#define PAGE_BYTES ((size_t)4096)
#define UNIT_SHIFT 16
#define UNIT_BYTES ((size_t)1 << UNIT_SHIFT)
#define UNIT_PAGES (UNIT_BYTES / PAGE_BYTES)
#define SEGMENT_SHIFT 22
#define SEGMENT_BYTES ((size_t)1 << SEGMENT_SHIFT)
#define SEGMENT_UNITS 64u
#define SEGMENT_META_UNITS 8u /* descriptors and side tables */
#define LINE_BYTES ((size_t)64)

#define RUN_MAX ((size_t)1 << 20) /* larger blocks get a mapping of their own */
#define BLOCK_MAX ((size_t)1 << 46)

enum span_kind { SPAN_NONE, SPAN_BLOCKS, SPAN_RUN, SPAN_LARGE };

/*
 * One unit's descriptor: a cache line. In a unit that starts no block `carved` is 0, which makes
 * every pointer into it fail the index check.
 */
struct span {
    void *free;        /* first free block; the link to the next is in the block itself */
    uint8_t *table;    /* one entry per block: see span.h */
    char *base;        /* of block 0 */
    uint32_t inverse;  /* see sizeclass.h */
    uint32_t carved;   /* blocks that were ever handed to the free list: the first so many */
    uint32_t size;     /* of a block; 0 for runs and large blocks */
    uint32_t until;    /* frees until the slow path must look: live blocks, or 1 when unlisted */
    uint16_t blocks;   /* that fit */
    uint8_t shift;     /* see sizeclass.h */
    uint8_t sizeclass; /* of blocks */
    uint8_t kind;      /* enum span_kind */
    uint8_t units;     /* of a run */
    uint8_t listed;    /* in its heap's list of spans with room */
    uint8_t live;      /* the table of a run or large block: its only entry */
    union {
        struct span *next; /* listed spans of the class; span_none ends the list */
        size_t requested;  /* of a run or large block: its exact size */
    };
    struct span *previous;
};
static_assert(sizeof(struct span) == LINE_BYTES, "a descriptor is a cache line");

/* The header takes the descriptor of unit 0, where no block ever starts. */
struct segment {
    union {
        struct {
            struct heap *heap;
            uint64_t free_units; /* bit u: unit u is free */
            size_t bytes;        /* of the mapping */
            uint32_t table_top;  /* first line of the table area never used; 0 in large ones */
            uint32_t no_blocks;  /* 0: span[0].carved */
            uint8_t reserved;    /* part of its heap's reservation, which is unmapped as a whole */
            struct segment *next, *previous;
        };
        struct span span[SEGMENT_UNITS];
    };
    /* From here on only in segments of spans; a large block's header is one page. */
    uint8_t touched[SEGMENT_UNITS];     /* committed pages of each unit, from its start */
    uint16_t table_line[SEGMENT_UNITS]; /* each unit's side table: its first line... */
    uint8_t table_lines[SEGMENT_UNITS]; /* ...and its lines */
};
static_assert(offsetof(struct segment, no_blocks) == offsetof(struct span, carved),
              "a pointer into unit 0 must meet a descriptor without blocks");
static_assert(offsetof(struct segment, touched) == PAGE_BYTES, "a large header is one page");

struct heap {
    _Alignas(1024) _Atomic(HANDLE) key; /* the handle of a live heap: see registry.h */
    uint32_t detour;                    /* options that keep HeapAlloc off its fast path */
    uint32_t options;                   /* as HeapCreate was given them */
    _Atomic uint32_t lock;              /* lock.h; taken by every call unless HEAP_NO_SERIALIZE */
    HANDLE handle;
    struct segment *open; /* segments with a free unit */
    struct segment *full; /* segments without */
    struct segment *large;
    struct segment *spare; /* empty segments kept for the next in need: see segment.h */
    uint32_t segments;     /* open and full ones */
    uint32_t segments_peak;
    uint32_t spares;
    size_t committed; /* pages for blocks, carved or populated and not given back */
    size_t limit;     /* that committed never exceeds; SIZE_MAX without a maximum */
    char *reserve;    /* a fixed-size heap's reservation: segments are taken from it in order */
    size_t reserve_bytes;
    size_t reserve_used;
    struct heap *older, *newer; /* live heaps in order of creation; dead ones in order of death */
    struct span *current[SIZECLASS_COUNT]; /* spans with room, by class */
};
static_assert(sizeof(struct heap) == 1024, "descriptors stand 1 KiB apart");

static inline struct segment *segment_of(const void *address) {
    return (struct segment *)((uintptr_t)address & ~(SEGMENT_BYTES - 1));
}

static inline uint32_t unit_of(const void *address) {
    return (uint32_t)((uintptr_t)address >> UNIT_SHIFT) % SEGMENT_UNITS;
}

static inline char *unit_start(struct segment *segment, uint32_t unit) {
    return (char *)segment + unit * UNIT_BYTES;
}

static inline size_t pages_of(size_t bytes) {
    return bytes / PAGE_BYTES + (bytes % PAGE_BYTES != 0);
}

/* The pages of a block of its own: one even when it was shrunk to nothing. */
static inline size_t block_pages(size_t size) {
    return size == 0 ? 1 : pages_of(size);
}

#endif
