/* The two-level map behind blocks.h: a root by 64 MiB chunk, and per chunk its cells and owners. */
#include "blocks.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

enum {
    ADDRESS_BITS = 47,
    CHUNK_BITS = 26,
    PAGE_BITS = 12,
    CELL_BITS = 4,
    PAGE_CELLS = 1 << (PAGE_BITS - CELL_BITS),
    CHUNK_PAGES = 1 << (CHUNK_BITS - PAGE_BITS),
    CHUNK_CELLS = 1 << (CHUNK_BITS - CELL_BITS),
    CHUNK_BYTES = 1 << CHUNK_BITS,
    LIVE = 0x80,
    LONG = 0xFF,         /* live, and the size is in the next cells */
    LONG_SIZE = 127,     /* the smallest size that does not fit the first cell */
    LAST_LONG_BYTE = 127 /* the last byte of a block whose cell may hold a part of its size */
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a word's first byte is its lowest");

/* A block may end in the next chunk; its size does not: one spare page of cells stays here. */
struct chunk {
    struct chunk *next;
    uintptr_t base;
    _Atomic uint64_t owners[CHUNK_PAGES + 1];
    unsigned char cells[(CHUNK_PAGES + 1) * PAGE_CELLS];
};

static _Atomic(struct chunk *) root[(size_t)1 << (ADDRESS_BITS - CHUNK_BITS)];
static _Atomic(struct chunk *) chunks;

static size_t offset_of(uintptr_t address) {
    return address & (((uintptr_t)1 << CHUNK_BITS) - 1);
}

static struct chunk *chunk_find(uintptr_t address) {
    if (address >> ADDRESS_BITS != 0) {
        return NULL;
    }
    return atomic_load_explicit(&root[address >> CHUNK_BITS], memory_order_acquire);
}

static __attribute__((noinline)) struct chunk *chunk_make(uintptr_t address) {
    struct chunk *chunk = mmap(NULL, sizeof *chunk, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (chunk == MAP_FAILED) {
        return NULL;
    }
    madvise(chunk, sizeof *chunk, MADV_NOHUGEPAGE); // 2 MiB per touch would pass for the heap's
    chunk->base = address - offset_of(address);
    struct chunk *other = NULL;
    if (!atomic_compare_exchange_strong(&root[address >> CHUNK_BITS], &other, chunk)) {
        munmap(chunk, sizeof *chunk);
        return other;
    }
    chunk->next = atomic_load(&chunks);
    while (!atomic_compare_exchange_weak(&chunks, &chunk->next, chunk)) {
    }
    return chunk;
}

/* Makes the page of this offset the owner's, without what the one before left there. */
static inline void page_claim(struct chunk *chunk, size_t offset, uint64_t owner) {
    size_t page = offset >> PAGE_BITS;
    if (atomic_load_explicit(&chunk->owners[page], memory_order_relaxed) != owner) {
        memset(&chunk->cells[page * PAGE_CELLS], 0, PAGE_CELLS);
        atomic_store_explicit(&chunk->owners[page], owner, memory_order_relaxed);
    }
}

static inline unsigned cell_read(const unsigned char *cell) {
    return __atomic_load_n(cell, __ATOMIC_RELAXED);
}

/* What the caller reads after it is read after it. */
static inline unsigned cell_read_before(const unsigned char *cell) {
    return __atomic_load_n(cell, __ATOMIC_ACQUIRE);
}

static inline void cell_write(unsigned char *cell, unsigned value) {
    __atomic_store_n(cell, (unsigned char)value, __ATOMIC_RELAXED);
}

/* Seven bits of the number to each byte: no byte has the high bit, so none looks like a start. */
static inline uint64_t bits_spread(uint64_t x) {
    x = (x & 0x00FFFFFFF0000000) << 4 | (x & 0x000000000FFFFFFF);
    x = (x & 0x0FFFC0000FFFC000) << 2 | (x & 0x00003FFF00003FFF);
    return (x & 0x3F803F803F803F80) << 1 | (x & 0x007F007F007F007F);
}

static inline uint64_t bits_gather(uint64_t x) {
    x = (x & 0x7F007F007F007F00) >> 1 | (x & 0x007F007F007F007F);
    x = (x & 0x3FFF00003FFF0000) >> 2 | (x & 0x00003FFF00003FFF);
    return (x & 0x0FFFFFFF00000000) >> 4 | (x & 0x000000000FFFFFFF);
}

/*
 * A long size and its mark are eight cells of the block's own, written and read as one word. Which
 * thread's block they are is in order by the allocator, through whose locks memory changes hands;
 * ThreadSanitizer's own allocator does not tell it so.
 */
static inline __attribute__((no_sanitize("thread"))) void long_size_write(unsigned char *cell,
                                                                          size_t size) {
    uint64_t word = bits_spread(size) << 8 | LONG;
    memcpy(cell, &word, sizeof word);
}

static inline __attribute__((no_sanitize("thread"))) size_t size_read(const unsigned char *cell) {
    unsigned first = cell_read(cell);
    if (first != LONG) {
        return first < LIVE ? BLOCKS_NONE : first - LIVE;
    }
    uint64_t word;
    memcpy(&word, cell, sizeof word);
    return bits_gather(word >> 8);
}

size_t blocks_size(uint64_t owner, const void *block) {
    uintptr_t address = (uintptr_t)block;
    struct chunk *chunk = chunk_find(address);
    size_t offset = offset_of(address);
    if (!chunk || address % 16 != 0 ||
        atomic_load_explicit(&chunk->owners[offset >> PAGE_BITS], memory_order_relaxed) != owner) {
        return BLOCKS_NONE;
    }
    return size_read(&chunk->cells[offset >> CELL_BITS]);
}

bool blocks_put(uint64_t owner, const void *block, size_t size) {
    uintptr_t address = (uintptr_t)block;
    struct chunk *chunk = chunk_find(address);
    if (!chunk && (address >> ADDRESS_BITS != 0 || !(chunk = chunk_make(address)))) {
        return false;
    }
    size_t offset = offset_of(address);
    unsigned char *cell = &chunk->cells[offset >> CELL_BITS];
    page_claim(chunk, offset, owner);
    if (size < LONG_SIZE) {
        cell_write(cell, (unsigned)(LIVE + size));
        return true;
    }
    page_claim(chunk, offset + LAST_LONG_BYTE, owner);
    long_size_write(cell, size);
    return true;
}

/* Other threads may be at work in the page. */
static bool page_is_empty(const struct chunk *chunk, size_t page) {
    size_t cell = page * PAGE_CELLS;
    while (cell < (page + 1) * PAGE_CELLS && cell_read(&chunk->cells[cell]) == 0) {
        cell++;
    }
    return cell == (page + 1) * PAGE_CELLS;
}

static bool page_exclusive(const struct chunk *chunk, size_t offset, uint64_t owner,
                           bool (*lives)(uint64_t owner)) {
    size_t page = offset >> PAGE_BITS;
    uint64_t current = atomic_load_explicit(&chunk->owners[page], memory_order_relaxed);
    return current == owner || page_is_empty(chunk, page) || !lives(current);
}

bool blocks_exclusive(uint64_t owner, const void *block, bool (*lives)(uint64_t owner)) {
    uintptr_t address = (uintptr_t)block;
    const struct chunk *chunk = chunk_find(address);
    size_t offset = offset_of(address);
    return !chunk || (page_exclusive(chunk, offset, owner, lives) &&
                      page_exclusive(chunk, offset + LAST_LONG_BYTE, owner, lives));
}

void blocks_drop(const void *block) {
    uintptr_t address = (uintptr_t)block;
    cell_write(&chunk_find(address)->cells[offset_of(address) >> CELL_BITS], 0);
}

static void page_each(struct chunk *chunk, size_t page, void (*visit)(void *, void *),
                      void *context) {
    for (size_t i = page * PAGE_CELLS; i < (page + 1) * PAGE_CELLS; i++) {
        if (cell_read(&chunk->cells[i]) >= LIVE) {
            visit((void *)(chunk->base + (i << CELL_BITS)), context); // NOLINT: an address again
        }
    }
}

void blocks_each(uint64_t owner, void (*visit)(void *block, void *context), void *context) {
    for (struct chunk *chunk = atomic_load(&chunks); chunk; chunk = chunk->next) {
        for (size_t page = 0; page < CHUNK_PAGES; page++) {
            if (atomic_load_explicit(&chunk->owners[page], memory_order_relaxed) == owner) {
                page_each(chunk, page, visit, context);
            }
        }
    }
}

/* The chunk that holds address or else the first one above it. */
static struct chunk *chunk_from(uintptr_t address) {
    struct chunk *first = NULL;
    for (struct chunk *chunk = atomic_load(&chunks); chunk; chunk = chunk->next) {
        if (chunk->base + CHUNK_BYTES > address && (!first || chunk->base < first->base)) {
            first = chunk;
        }
    }
    return first;
}

static size_t page_end(size_t cell) {
    return (cell / PAGE_CELLS + 1) * PAGE_CELLS;
}

/* The first cell of its page from this one on where a block of owner starts, or the page's end. The
 * owner is asked for again: the page may have changed hands before its cell was read. */
static size_t page_next(const struct chunk *chunk, size_t cell, uint64_t owner) {
    const _Atomic uint64_t *current = &chunk->owners[cell / PAGE_CELLS];
    size_t end = page_end(cell);
    if (atomic_load_explicit(current, memory_order_relaxed) != owner) {
        return end;
    }
    while (cell < end && cell_read_before(&chunk->cells[cell]) < LIVE) {
        cell++;
    }
    return atomic_load_explicit(current, memory_order_relaxed) == owner ? cell : end;
}

/* The first cell from this one on where a block of owner starts; CHUNK_CELLS: none. */
static size_t chunk_next(const struct chunk *chunk, size_t cell, uint64_t owner) {
    while (cell < CHUNK_CELLS) {
        size_t end = page_end(cell);
        cell = page_next(chunk, cell, owner);
        if (cell != end) {
            return cell;
        }
    }
    return CHUNK_CELLS;
}

void *blocks_next(uint64_t owner, const void *after) {
    uintptr_t from = after ? (uintptr_t)after + (1 << CELL_BITS) : 0;
    for (struct chunk *chunk = chunk_from(from); chunk; chunk = chunk_from(from)) {
        size_t start = from > chunk->base ? (from - chunk->base) >> CELL_BITS : 0;
        size_t cell = chunk_next(chunk, start, owner);
        if (cell < CHUNK_CELLS) {
            return (void *)(chunk->base + (cell << CELL_BITS)); // NOLINT: an address again
        }
        from = chunk->base + CHUNK_BYTES;
    }
    return NULL;
}
