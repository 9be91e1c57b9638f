/*
 * What an adapter is made of: frame.c exports the Win32 heap ABI and keeps every rule that does not
 * depend on the allocator (handles, last errors, exceptions, exact sizes, refused frees, the
 * maximum, the lock); one file per allocator completes it with the functions below, resolved when
 * the library is linked.
 *
 * The frame calls adapter_alloc, _resize, _resize_in_place, _owns and _free under the heap's lock
 * (unless the program said HEAP_NO_SERIALIZE, which promises the same), only with live blocks of
 * that heap, and with sizes from 1 to BLOCKS_SIZE_MAX. Blocks must be 16-aligned.
 *
 * What no adapter does, since its allocator cannot: commit `initial` (it is only checked), reserve
 * `max` (it is a count of bytes, each block rounded up to 16; the allocator's own fragmentation is
 * not in it), look for damage in the allocator's lists (HeapValidate of a whole heap judges the
 * handle and what debug.h writes), walk regions and free blocks, give pages that can be executed,
 * and of HEAP_CREATE_HARDENED anything but the refused HeapFree. tests/differences.c has these and
 * what single adapters do not do.
 *
 * What the frame adds to a pair of calls: the lock (guard.h), the block map (blocks.h) and a
 * few branches. With a maximum it also keeps a count.
 */
#ifndef ADAPTERS_FRAME_H
#define ADAPTERS_FRAME_H

#include "winheap/heapapi.h"

#include "blocks.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEAP_OWN_BYTES = 256 };

/* One heap. Its address is its handle. */
struct heap {
    _Atomic bool live; /* the handle is good */
    uint64_t owner;    /* of its blocks in the block map; never used twice */
    DWORD options;
    size_t max;               /* bytes its blocks may take together; 0: no limit */
    size_t used;              /* bytes they take, each rounded up to 16; counted only with a max */
    size_t tail;              /* bytes behind each block's own that debug.h writes */
    _Atomic uint32_t lock;    /* lock.h; taken by every call unless HEAP_NO_SERIALIZE */
    _Atomic uint32_t depth;   /* guard.h: HeapLocks that await their HeapUnlock */
    _Atomic uintptr_t holder; /* guard.h: the thread that called them */
    _Atomic ULONG front_end;  /* common/information.h */
    struct graveyard *graves; /* debug.h; NULL: freed blocks are not looked after */
    struct heap *previous, *next; /* live: order of creation; dead: order of death */
    alignas(64) unsigned char own[HEAP_OWN_BYTES]; /* the adapter's, zero at adapter_open */
};

/* The engine's name, as in libwinheap-NAME.so. */
extern const char adapter_name[];

/* The version of the allocator underneath, without blanks. */
void adapter_version(char *text, size_t capacity);

/* Prepares heap->own. false: out of memory. */
bool adapter_open(struct heap *heap);

/* Frees every block of the heap and what adapter_open made. */
void adapter_close(struct heap *heap);

/* A new block, all zero when asked to; NULL: out of memory. */
void *adapter_alloc(struct heap *heap, size_t size, bool zero);

/* Grows or shrinks a block wherever it lands, contents kept; what lies past the old size is zero
 * when asked to. NULL: out of memory, nothing changed. */
void *adapter_resize(struct heap *heap, void *block, size_t old, size_t size, bool zero);

/* Makes room for size bytes without moving the block. Bytes past its old size are undefined.
 * false: impossible, nothing changed. */
bool adapter_resize_in_place(struct heap *heap, void *block, size_t size);

/* Bytes that the allocator or its adapter keeps in front of each block. */
extern const size_t adapter_header_bytes;

/* The live block that comes next after this one, or first of all after NULL; NULL: none. In order
 * of address where the allocator's blocks can be found by address. */
void *adapter_next(struct heap *heap, const void *block);

/* Returns unused pages to the system, and the bytes of the largest free block that still has
 * memory; 0: none, or none that the allocator tells of. */
size_t adapter_compact(struct heap *heap);

/* Whether a live block that the map gives to heap->owner is this heap's. */
bool adapter_owns(const struct heap *heap, const void *block);

/* The requested size of a live block of the heap, or BLOCKS_NONE for any other pointer. */
static inline size_t frame_block_size(const struct heap *heap, const void *block) {
    size_t size = blocks_size(heap->owner, block);
    return size != BLOCKS_NONE && adapter_owns(heap, block) ? size : BLOCKS_NONE;
}

void adapter_free(struct heap *heap, void *block);

#endif
