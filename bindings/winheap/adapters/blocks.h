/*
 * The live blocks of every heap of an adapter, kept beside the allocator: exact sizes, and an
 * answer for any pointer at all, without a header that would push a block into the next size class.
 *
 * One byte (a cell) stands for each 16 bytes of address space. A cell with its high bit set says
 * that a live block starts there; its low seven bits are the requested size, or all ones when the
 * size is 127 or more and stands in the block's next seven cells, seven bits each: such a block is
 * long enough to own those cells. Beside the cells each 4 KiB page names its owner. Cells of a page
 * mean nothing to another owner, and a page that changes hands is wiped at its first block, so a
 * whole heap is forgotten without visiting it.
 *
 * An owner is a number that is never used twice. Pages must not be shared by owners, which holds
 * for allocators with private heaps or arenas; one that mixes heaps in a page gives all of them the
 * owner BLOCKS_EVERYBODY, tells heaps apart itself and drops each block.
 *
 * Cost: 1/16 of the address range in use, and about two dependent loads per call.
 * Threads: calls for different blocks may run at the same time; calls for one block may not,
 * except blocks_size, which then answers for the time before or after.
 */
#ifndef ADAPTERS_BLOCKS_H
#define ADAPTERS_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCKS_NONE ((size_t)-1) /* blocks_size: no such block */
#define BLOCKS_EVERYBODY 0
#define BLOCKS_SIZE_MAX (((size_t)1 << 47) - 1) /* the user half of the address space */

/* The requested size of the live block of owner that starts at block, or BLOCKS_NONE. Any pointer
 * may be asked about; it is never followed. */
size_t blocks_size(uint64_t owner, const void *block);

/* Notes a new live block, or the new size of one. block: 16-aligned; size <= BLOCKS_SIZE_MAX.
 * false: no memory for the map, and nothing was noted. It cannot fail for a block noted before. */
bool blocks_put(uint64_t owner, const void *block, size_t size);

/* Whether a new block may be noted without harm: not when its pages hold blocks of another owner
 * that lives, as lives tells. Only for allocators that may hand pages from one heap to another. */
bool blocks_exclusive(uint64_t owner, const void *block, bool (*lives)(uint64_t owner));

/* Forgets a live block. */
void blocks_drop(const void *block);

/* The live block of owner with the lowest address above after (NULL: the lowest of all), or NULL.
 * The owner's blocks must stay what they are during the call; other owners' may change. */
void *blocks_next(uint64_t owner, const void *after);

/* Calls visit for each live block of owner; visit may drop the block it is given. Takes about
 * 10 us per 64 MiB of address space that the process ever used through this map, and 1 us per
 * page of the owner. */
void blocks_each(uint64_t owner, void (*visit)(void *block, void *context), void *context);

#endif
