/*
 * The engine's data structures. docs/engine.md draws them and says why they are as they are.
 *
 * A segment is 4 MiB of address space, aligned to its size, in 64 units of 64 KiB. A unit holds a
 * span (blocks of one size class), or is part of a run (one block of whole units), or is free.
 * A large block is a segment of its own with one run, so that every pointer is checked alike.
 *
 * A heap has one local part for each thread that allocates from it: the spans that only this thread
 * takes blocks from, and needs no lock for. All else of a heap is under its lock.
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
#define SEGMENT_META_UNITS 13u /* descriptors and side tables */
#define SEGMENT_BLOCK_UNITS (SEGMENT_UNITS - SEGMENT_META_UNITS)
#define LINE_BYTES ((size_t)64)

#define RUN_MAX ((size_t)1 << 20) /* larger blocks get a mapping of their own */
#define BLOCK_MAX ((size_t)1 << 46)

enum span_kind { SPAN_NONE, SPAN_BLOCKS, SPAN_RUN, SPAN_LARGE };

#define SPAN_FEW 8u

/* A block's entry in its span's side table: see span.h. */
typedef uint16_t span_entry;

/*
 * One unit's descriptor. The first cache line hardly ever changes, and is read by any thread that
 * frees a block; the second belongs to the thread that the local part belongs to.
 */
struct span {
    _Atomic(struct local *) local; /* whose blocks these are; NULL for runs and large blocks */
    span_entry *table;             /* one entry per block */
    char *base;                    /* of block 0 */
    size_t requested;              /* of a run or large block: its exact size */
    uint32_t inverse;              /* see sizeclass.h */
    uint32_t carved;               /* blocks that were ever in a free list: the first so many */
    uint32_t size;                 /* of a block; 0 for runs and large blocks */
    uint16_t blocks;               /* that fit */
    uint8_t shift;                 /* see sizeclass.h */
    uint8_t sizeclass;             /* of blocks */
    uint8_t kind;                  /* enum span_kind */
    uint8_t units;                 /* of a run */
    span_entry live;               /* the table of a run or large block: its only entry */

    _Alignas(64) char *block; /* the first free one, unless free is ENTRY_NONE */
    uint32_t free;            /* its index */
    uint32_t until;           /* frees until the slow path must look: see span.h */
    uint8_t listed;           /* in its local part's list of spans with room */
    struct span *next;        /* listed spans of the class; span_none ends the list */
    struct span *previous;
    span_entry few[SPAN_FEW]; /* the table of a span with so few blocks: one cache line less */
};
static_assert(sizeof(struct span) == 2 * LINE_BYTES, "a descriptor is two cache lines");

/* Blocks of a span that other threads freed, until the span's thread collects them: see local.h. */
struct mailbox {
    _Atomic uint32_t first; /* index of the last one freed; ENTRY_NONE when there is none */
    struct span *next;      /* of the spans whose mail their local part has been told of */
};

struct segment {
    struct heap *heap;
    uint64_t free_units; /* bit u: unit u is free */
    size_t bytes;        /* of the mapping */
    uint32_t table_top;  /* first line of the table area never used; 0 in large ones */
    bool reserved;       /* part of its heap's reservation, which is unmapped as a whole */
    size_t guard;        /* bytes behind the mapping that may not be touched */
    struct segment *next, *previous;
    struct span span[SEGMENT_BLOCK_UNITS]; /* of a large one only the first */
    struct mailbox mail[SEGMENT_BLOCK_UNITS];
    uint8_t touched[SEGMENT_UNITS];     /* committed pages of each unit, from its start */
    uint16_t table_line[SEGMENT_UNITS]; /* each unit's side table: its first line... */
    uint8_t table_lines[SEGMENT_UNITS]; /* ...and its lines */
};
static_assert(offsetof(struct segment, span[1]) <= PAGE_BYTES, "a large header is one page");

#define DIRECT_COUNT (SIZECLASS_TABLE_MAX / 16 + 1)

/*
 * A heap's local part, which at most one thread owns. An idle one waits for the next thread that
 * comes to the heap; until then its spans are under the heap's lock like all else.
 */
struct local {
    _Atomic(HANDLE) key; /* the heap's handle while its owner may go without the lock */
    uint32_t detour;     /* options that keep HeapAlloc off its fast path */
    _Atomic(struct heap *) heap;
    _Atomic(struct thread *) owner;        /* NULL: idle */
    struct local *next;                    /* of the heap's local parts */
    struct local *sibling, *elder;         /* of the owner's local parts */
    struct span *direct[DIRECT_COUNT];     /* by (size + 15) / 16: the list of the size's class */
    struct span *current[SIZECLASS_COUNT]; /* spans with room, by class */
    struct span *settling; /* that the owner has emptied, and waits for the lock to release */
    /* Spans with mail. Other threads write here: not beside what the owner reads in each call. */
    _Alignas(64) _Atomic(struct span *) mail;
};

struct heap {
    _Alignas(512) _Atomic(HANDLE) key; /* the handle of a live heap: see registry.h */
    uint32_t options;                  /* as HeapCreate was given them */
    _Atomic uint32_t lock;             /* lock.h */
    _Atomic(const void *) holder;      /* of the lock: see thread_identity */
    uint32_t depth;                    /* how often the holder has taken it */
    uint32_t excluding;                /* how often the holder has closed the fast paths */
    _Atomic bool closed;               /* the fast paths are: see heap_exclude */
    HANDLE handle;
    struct local *locals;
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
    uint64_t lot;               /* state of a hardened heap's random numbers */
    _Atomic ULONG front_end;    /* common/information.h */
    struct heap *older, *newer; /* live heaps in order of creation; dead ones in order of death */
};
static_assert(sizeof(struct heap) == 512, "descriptors stand 512 bytes apart");

static inline struct segment *segment_of(const void *address) {
    return (struct segment *)((uintptr_t)address & ~(SEGMENT_BYTES - 1));
}

static inline char *unit_start(struct segment *segment, uint32_t unit) {
    return (char *)segment + unit * UNIT_BYTES;
}

static inline struct span *segment_span(struct segment *segment, uint32_t unit) {
    return &segment->span[unit - SEGMENT_META_UNITS];
}

static inline uint32_t span_unit(const struct span *span) {
    return (uint32_t)(span - segment_of(span)->span) + SEGMENT_META_UNITS;
}

static inline struct mailbox *span_mail(struct span *span) {
    struct segment *segment = segment_of(span);

    return &segment->mail[span - segment->span];
}

static inline size_t pages_of(size_t bytes) {
    return bytes / PAGE_BYTES + (bytes % PAGE_BYTES != 0);
}

/* The pages of a block of its own: one even when it was shrunk to nothing. */
static inline size_t block_pages(size_t size) {
    return size == 0 ? 1 : pages_of(size);
}

#endif
