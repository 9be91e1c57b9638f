/*
 * Spans: one unit of blocks of one size class, with a side table of one entry per block.
 *
 * A live block's entry is ENTRY_LIVE plus the requested size. A free block's is the index of the
 * next free block, or ENTRY_NONE: the lists of free blocks are in the table, and blocks themselves
 * are the program's alone. Entries of blocks not yet carved mean nothing.
 *
 * `until` is the number of live blocks, and one more in the head of a list: so an empty span is
 * released but for the one that its class takes the next block from. An unlisted span is full, and
 * its `until` is 1: the next free lists it again.
 */
#ifndef WINHEAP_NATIVE_SPAN_H
#define WINHEAP_NATIVE_SPAN_H

#include "layout.h"
#include "shadow.h"

#define ENTRY_NONE 0x1FFFu
#define ENTRY_LIVE 0x2000u
static_assert(UNIT_BYTES / 16 <= ENTRY_NONE, "an index is not the end of a list");
static_assert(ENTRY_LIVE + SIZECLASS_MAX <= UINT16_MAX, "every requested size has an entry");

/* Ends every list of spans, and has no free block: the fast path need not look for NULL. */
extern INTERNAL struct span span_none;

/* Of a block's address, its index; of any other, more than the span has blocks. */
static inline uint32_t span_index(const struct span *span, const void *block) {
    return sizeclass_index((uint16_t)(uintptr_t)block, span->inverse, span->shift);
}

/*
 * Whether the span has a live block of this index; any index may be asked for. For its owner, the
 * only one who carves.
 */
static inline bool span_is_live(const struct span *span, uint32_t index) {
    return likely(index < span->carved) && likely(span->table[index] >= ENTRY_LIVE);
}

/* The exact size of a live block. */
static inline size_t span_get_size(const struct span *span, uint32_t index) {
    return span->kind == SPAN_BLOCKS ? span->table[index] - ENTRY_LIVE : span->requested;
}

static inline void span_set_size(struct span *span, uint32_t index, size_t requested) {
    span->table[index] = (span_entry)(ENTRY_LIVE + (uint32_t)requested);
}

static inline bool span_is_ready(const struct span *span) {
    return likely(span->free != ENTRY_NONE);
}

static inline char *span_block(const struct span *span, uint32_t index) {
    return span->base + (size_t)(index * span->size);
}

/*
 * A block of size bytes from a span that is ready. The next one's address is worked out now: were
 * it left to the next call, a pair of calls would wait for a multiplication, its inverse, and
 * memory.
 */
static inline void *span_take(struct span *span, size_t size) {
    uint32_t index = span->free;
    uint32_t next = span->table[index];
    void *block = span->block;

    span->free = next;
    span->block = span_block(span, next);
    span_set_size(span, index, size);
    shadow_open(block, size);
    span->until++;
    return block;
}

/* Frees a live block; true when the slow path must look at the span. */
static inline bool span_put(struct span *span, uint32_t index, void *block) {
    shadow_close(block, span->size);
    span->table[index] = (span_entry)span->free;
    span->free = index;
    span->block = block;
    return --span->until == 0;
}

/* A new span of the class, listed, without carved blocks; NULL when there is no memory. */
struct span *span_new(struct heap *heap, struct local *local, uint32_t sizeclass);

/* Carves more blocks: as many as before, a page's at least; false if the heap's maximum forbids. */
bool span_carve(struct heap *heap, struct span *span);

/*
 * When the heap's maximum forbids the head of a list to carve: brings the first span behind it with
 * a free block to the head and returns it; NULL when there is none.
 */
struct span *span_pass(struct local *local, struct span *head);

/*
 * The head of a class's list, after full spans have left the list: ready, or to be carved, or
 * span_none. Like span_relist it changes nothing but the local part, so its owner needs no lock.
 */
struct span *span_head(struct local *local, uint32_t sizeclass);

/* When `until` of an unlisted span has reached 0: its list has it again. */
void span_relist(struct local *local, struct span *span);

/* From one local part's list to the head of another's. */
void span_transfer(struct local *from, struct local *to, struct span *span);

/* What to do when `until` has reached 0: list the span again, or release an empty one. */
void span_settle(struct heap *heap, struct local *local, struct span *span);

/* Makes a live block free but for a list to be in; false if another thread was first. */
bool span_claim(struct span *span, uint32_t index);

/* Puts a claimed block into the mailbox: true if that was empty. */
bool span_post(struct span *span, uint32_t index);

/* Frees the blocks of the mailbox. */
void span_collect(struct heap *heap, struct local *local, struct span *span);

/* Releases every empty span; true if there were any. */
bool span_release_empty(struct heap *heap, struct local *local);

#endif
