/*
 * The engine `malloc`: the process's malloc, glibc's unless another is preloaded, under a handle.
 *
 * glibc knows no private heaps, so each block carries its heap and a link to its neighbours, and
 * HeapDestroy visits them one by one: O(blocks), unlike every other engine. Blocks of all heaps
 * share glibc's pages. In place, a block grows only into the slack of its own chunk: glibc offers
 * no call that would try more without moving. Large blocks are 16-aligned, not 64.
 *
 * Cost over bare malloc: 32 bytes a block, the two neighbours' cache lines on a free, the frame.
 */
#include "blocks.h"
#include "frame.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char adapter_name[] = "malloc";

/* Stands before each block; its size keeps the block behind it 16-aligned. */
struct header {
    struct header *previous, *next;
    struct heap *heap;
    size_t padding;
};
_Static_assert(sizeof(struct header) == 32, "blocks stay 16-aligned");

/* heap->own: a ring that the blocks are linked into. */
static struct header *ring_of(struct heap *heap) {
    return (struct header *)heap->own;
}

static struct header *header_of(const void *block) {
    return (struct header *)block - 1;
}

static void *header_link(struct header *header, struct heap *heap) {
    struct header *ring = ring_of(heap);
    header->previous = ring;
    header->next = ring->next;
    header->heap = heap;
    ring->next->previous = header;
    ring->next = header;
    return header + 1;
}

/* After a block has moved: its neighbours learn where it stands now. */
static void header_relink(struct header *header) {
    header->previous->next = header;
    header->next->previous = header;
}

static void header_unlink(struct header *header) {
    header->previous->next = header->next;
    header->next->previous = header->previous;
}

/* glibc's version, or the file that malloc comes from when that is not glibc. */
void adapter_version(char *text, size_t capacity) {
    Dl_info info;
    const char *file = dladdr((void *)(uintptr_t)malloc, &info) ? info.dli_fname : "?";
    const char *name = strrchr(file, '/');
    name = name ? name + 1 : file;
    bool glibc = strncmp(name, "libc.so", 7) == 0;
    snprintf(text, capacity, "%s", glibc ? gnu_get_libc_version() : name);
}

bool adapter_open(struct heap *heap) {
    heap->owner = BLOCKS_EVERYBODY;
    struct header *ring = ring_of(heap);
    ring->previous = ring->next = ring;
    return true;
}

void adapter_close(struct heap *heap) {
    struct header *ring = ring_of(heap);
    for (struct header *header = ring->next, *next = NULL; header != ring; header = next) {
        next = header->next;
        blocks_drop(header + 1);
        free(header);
    }
}

void *adapter_alloc(struct heap *heap, size_t size, bool zero) {
    size_t total = sizeof(struct header) + size;
    struct header *header = zero ? calloc(1, total) : malloc(total);
    return header ? header_link(header, heap) : NULL;
}

void *adapter_resize(struct heap *heap, void *block, size_t old, size_t size, bool zero) {
    (void)heap;
    struct header *header = realloc(header_of(block), sizeof *header + size);
    if (!header) {
        return NULL;
    }
    header_relink(header);
    if (zero && size > old) {
        memset((char *)(header + 1) + old, 0, size - old);
    }
    return header + 1;
}

bool adapter_resize_in_place(struct heap *heap, void *block, size_t size) {
    (void)heap;
    return malloc_usable_size(header_of(block)) - sizeof(struct header) >= size;
}

const size_t adapter_header_bytes = sizeof(struct header);

/* In the order of the ring: other heaps' blocks lie between ours, and may go while one looks. Freed
 * blocks that the frame keeps are in the ring too, and not in the map. */
void *adapter_next(struct heap *heap, const void *block) {
    struct header *ring = ring_of(heap);
    struct header *header = block ? header_of(block)->next : ring->next;
    while (header != ring && blocks_size(heap->owner, header + 1) == BLOCKS_NONE) {
        header = header->next;
    }
    return header != ring ? header + 1 : NULL;
}

/* glibc tells of no free block, and the others' pages are among those returned. */
size_t adapter_compact(struct heap *heap) {
    (void)heap;
    malloc_trim(0);
    return 0;
}

bool adapter_owns(const struct heap *heap, const void *block) {
    return header_of(block)->heap == heap;
}

void adapter_free(struct heap *heap, void *block) {
    (void)heap;
    header_unlink(header_of(block));
    free(header_of(block));
}
