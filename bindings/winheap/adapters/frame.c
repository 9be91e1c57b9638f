/* The Win32 heap ABI over one allocator: every rule of heapapi.h that is not the allocator's. */
#include "frame.h"

#include "blocks.h"
#include "buildid.h"
#include "failure.h"
#include "lock.h"
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const DWORD OPTIONS = HEAP_NO_SERIALIZE | HEAP_GENERATE_EXCEPTIONS | HEAP_ZERO_MEMORY |
                             HEAP_CREATE_ALIGN_16 | HEAP_CREATE_ENABLE_TRACING;

static inline void heap_lock(struct heap *heap, DWORD flags) {
    if (!(flags & HEAP_NO_SERIALIZE)) {
        lock_take(&heap->lock);
    }
}

static inline void heap_unlock(struct heap *heap, DWORD flags) {
    if (!(flags & HEAP_NO_SERIALIZE)) {
        lock_give(&heap->lock);
    }
}

static inline size_t block_size(const struct heap *heap, const void *block) {
    size_t size = blocks_size(heap->owner, block);
    return size != BLOCKS_NONE && adapter_owns(heap, block) ? size : BLOCKS_NONE;
}

/* What a block of this size takes of the maximum. */
static inline size_t charge_of(size_t size) {
    return size ? (size + 15) & ~(size_t)15 : 16;
}

/* Replaces one block's share of the maximum by another's; false: there is not so much left. */
static inline bool heap_charge(struct heap *heap, size_t before, size_t after) {
    if (!heap->max) {
        return true;
    }
    if (after > before && after - before > heap->max - heap->used) {
        return false;
    }
    heap->used = heap->used - before + after;
    return true;
}

/* Allocators give no block for no bytes, or one that is not 16-aligned for less than 16. */
static inline size_t request_of(size_t size) {
    return size < 16 ? 16 : size;
}

static void *block_new(struct heap *heap, size_t size, bool zero) {
    if (size > BLOCKS_SIZE_MAX || !heap_charge(heap, 0, charge_of(size))) {
        return NULL;
    }
    void *block = adapter_alloc(heap, request_of(size), zero);
    if (block && blocks_put(heap->owner, block, size)) {
        return block;
    }
    if (block) {
        adapter_free(heap, block);
    }
    heap_charge(heap, charge_of(size), 0);
    return NULL;
}

static bool block_resize_in_place(struct heap *heap, void *block, size_t old, size_t size,
                                  bool zero) {
    if (!adapter_resize_in_place(heap, block, request_of(size))) {
        return false;
    }
    if (zero && size > old) {
        memset((char *)block + old, 0, size - old);
    }
    return blocks_put(heap->owner, block, size);
}

/* The adapter may have moved the block when the map turns out to be full: that cannot be undone. */
static void *block_move(struct heap *heap, void *block, size_t old, size_t size, bool zero) {
    blocks_drop(block);
    void *moved = adapter_resize(heap, block, old, request_of(size), zero);
    if (!blocks_put(heap->owner, moved ? moved : block, moved ? size : old)) {
        fputs("winheap: no address space left for the map of live blocks\n", stderr);
        abort();
    }
    return moved;
}

static void *block_resize(struct heap *heap, DWORD flags, void *block, size_t old, size_t size) {
    bool zero = flags & HEAP_ZERO_MEMORY;
    if (size > BLOCKS_SIZE_MAX || !heap_charge(heap, charge_of(old), charge_of(size))) {
        return NULL;
    }
    void *resized = NULL;
    if (flags & HEAP_REALLOC_IN_PLACE_ONLY) {
        resized = block_resize_in_place(heap, block, old, size, zero) ? block : NULL;
    } else {
        resized = block_move(heap, block, old, size, zero);
    }
    if (!resized) {
        heap_charge(heap, charge_of(size), charge_of(old));
    }
    return resized;
}

/* Pages for bytes of a heap; SIZE_MAX when no machine has so many. */
static size_t pages_for(size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return bytes <= BLOCKS_SIZE_MAX ? (bytes + page - 1) & ~(page - 1) : SIZE_MAX;
}

static struct heap *heap_make(DWORD options, size_t max) {
    struct heap *heap = registry_take();
    if (!heap) {
        return NULL;
    }
    heap->options = options;
    heap->max = max;
    if (!adapter_open(heap)) {
        registry_return(heap);
        return NULL;
    }
    registry_publish(heap);
    return heap;
}

static pthread_once_t process_heap_once = PTHREAD_ONCE_INIT;
static struct heap *process_heap;

static void process_heap_make(void) {
    process_heap = heap_make(0, 0);
}

HANDLE GetProcessHeap(void) {
    pthread_once(&process_heap_once, process_heap_make);
    return process_heap;
}

/* The process heap stands first in the list of heaps, so it is made before any other. */
HANDLE HeapCreate(DWORD options, SIZE_T initial, SIZE_T max) {
    if (options & ~OPTIONS || (max && initial > max)) {
        failure_set(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    size_t limit = pages_for(max);
    struct heap *heap = NULL;
    if (GetProcessHeap() && limit != SIZE_MAX && pages_for(initial) != SIZE_MAX) {
        heap = heap_make(options, limit);
    }
    if (!heap) {
        failure_set(ERROR_NOT_ENOUGH_MEMORY);
    }
    return heap;
}

BOOL HeapDestroy(HANDLE handle) {
    struct heap *heap = registry_find(handle);
    if (!heap || heap == process_heap || !registry_retire(heap)) {
        return failure_set(ERROR_INVALID_HANDLE);
    }
    adapter_close(heap);
    registry_release(heap);
    return TRUE;
}

LPVOID HeapAlloc(HANDLE handle, DWORD flags, SIZE_T size) {
    struct heap *heap = registry_find(handle);
    if (!heap) {
        return failure_raise(flags, ERROR_INVALID_HANDLE);
    }
    flags |= heap->options;
    heap_lock(heap, flags);
    void *block = block_new(heap, size, flags & HEAP_ZERO_MEMORY);
    heap_unlock(heap, flags);
    return block ? block : failure_raise(flags, ERROR_NOT_ENOUGH_MEMORY);
}

LPVOID HeapReAlloc(HANDLE handle, DWORD flags, LPVOID block, SIZE_T size) {
    struct heap *heap = registry_find(handle);
    if (!heap) {
        return failure_raise(flags, ERROR_INVALID_HANDLE);
    }
    if (!block) {
        failure_set(ERROR_SUCCESS);
        return NULL;
    }
    flags |= heap->options;
    heap_lock(heap, flags);
    size_t old = block_size(heap, block);
    void *resized = old == BLOCKS_NONE ? NULL : block_resize(heap, flags, block, old, size);
    heap_unlock(heap, flags);
    if (resized) {
        return resized;
    }
    return failure_raise(flags,
                         old == BLOCKS_NONE ? ERROR_INVALID_PARAMETER : ERROR_NOT_ENOUGH_MEMORY);
}

BOOL HeapFree(HANDLE handle, DWORD flags, LPVOID block) {
    struct heap *heap = registry_find(handle);
    if (!heap) {
        return failure_set(ERROR_INVALID_HANDLE);
    }
    if (!block) {
        return TRUE;
    }
    flags |= heap->options;
    heap_lock(heap, flags);
    size_t size = block_size(heap, block);
    if (size != BLOCKS_NONE) {
        blocks_drop(block);
        heap_charge(heap, charge_of(size), 0);
        adapter_free(heap, block);
    }
    heap_unlock(heap, flags);
    return size != BLOCKS_NONE ? TRUE : failure_set(ERROR_INVALID_PARAMETER);
}

SIZE_T HeapSize(HANDLE handle, DWORD flags, LPCVOID block) {
    struct heap *heap = registry_find(handle);
    if (!heap) {
        failure_set(ERROR_INVALID_HANDLE);
        return (SIZE_T)-1;
    }
    flags |= heap->options;
    heap_lock(heap, flags);
    size_t size = block_size(heap, block);
    heap_unlock(heap, flags);
    if (size == BLOCKS_NONE) {
        failure_set(ERROR_INVALID_PARAMETER);
    }
    return size;
}

/* Allocators have no call that checks their own lists: of a whole heap only the handle is judged.
 */
BOOL HeapValidate(HANDLE handle, DWORD flags, LPCVOID block) {
    struct heap *heap = registry_find(handle);
    if (!heap || !block) {
        return heap != NULL;
    }
    flags |= heap->options;
    heap_lock(heap, flags);
    size_t size = block_size(heap, block);
    heap_unlock(heap, flags);
    return size != BLOCKS_NONE;
}

DWORD GetProcessHeaps(DWORD capacity, PHANDLE handles) {
    return GetProcessHeap() ? registry_list(capacity, handles) : 0;
}

const char *winheap_engine(void) {
    char version[64];
    adapter_version(version, sizeof version);
    return buildid_identify(adapter_name, version);
}
