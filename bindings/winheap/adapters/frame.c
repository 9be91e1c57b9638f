/* The Win32 heap ABI over one allocator: every rule of heapapi.h that is not the allocator's. */
#include "frame.h"

#include "blocks.h"
#include "buildid.h"
#include "corruption.h"
#include "debug.h"
#include "failure.h"
#include "guard.h"
#include "quota.h"
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const DWORD DEBUG_OPTIONS = HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED;
static const DWORD OPTIONS = HEAP_NO_SERIALIZE | HEAP_GENERATE_EXCEPTIONS | HEAP_ZERO_MEMORY |
                             HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED |
                             HEAP_CREATE_SEGMENT_HEAP | HEAP_CREATE_HARDENED |
                             HEAP_CREATE_ALIGN_16 | HEAP_CREATE_ENABLE_TRACING;

static inline bool heap_is_debugged(const struct heap *heap) {
    return __builtin_expect((heap->options & DEBUG_OPTIONS) != 0, 0);
}

/* Of a live block whose bytes, where they are checked, are sound. */
static inline size_t block_size(const struct heap *heap, const void *block) {
    size_t size = frame_block_size(heap, block);
    if (heap_is_debugged(heap) && size != BLOCKS_NONE && !debug_is_sound(heap, block, size)) {
        return BLOCKS_NONE;
    }
    return size;
}

/* Allocators give no block for no bytes, or one that is not 16-aligned for less than 16. */
static inline size_t request_of(const struct heap *heap, size_t size) {
    return size + heap->tail < 16 ? 16 : size + heap->tail;
}

static void *block_try(struct heap *heap, size_t size, bool zero) {
    if (size > BLOCKS_SIZE_MAX || !quota_replace(heap, 0, quota_of(heap, size))) {
        return NULL;
    }
    void *block = adapter_alloc(heap, request_of(heap, size), zero);
    if (block && blocks_put(heap->owner, block, size)) {
        return block;
    }
    if (block) {
        adapter_free(heap, block);
    }
    quota_replace(heap, quota_of(heap, size), 0);
    return NULL;
}

static __attribute__((noinline)) void *block_new_debugged(struct heap *heap, size_t size,
                                                          bool zero) {
    void *block = block_try(heap, size, zero);
    if (!block && debug_exhume(heap)) {
        block = block_try(heap, size, zero);
    }
    if (block) {
        debug_dress(heap, block, 0, size, zero);
    }
    return block;
}

static void *block_new(struct heap *heap, size_t size, bool zero) {
    if (heap_is_debugged(heap)) {
        return block_new_debugged(heap, size, zero);
    }
    return block_try(heap, size, zero);
}

static void block_delete(struct heap *heap, void *block, size_t size) {
    blocks_drop(block);
    debug_bury(heap, block, size);
}

static bool block_resize_in_place(struct heap *heap, void *block, size_t old, size_t size,
                                  bool zero) {
    if (!adapter_resize_in_place(heap, block, request_of(heap, size))) {
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
    void *moved = adapter_resize(heap, block, old, request_of(heap, size), zero);
    if (!blocks_put(heap->owner, moved ? moved : block, moved ? size : old)) {
        fputs("winheap: no address space left for the map of live blocks\n", stderr);
        abort();
    }
    return moved;
}

/* The old block becomes a freed one like any other. */
static void *block_move_debugged(struct heap *heap, void *block, size_t old, size_t size,
                                 bool zero) {
    void *moved = block_new(heap, size, zero);
    if (moved) {
        memcpy(moved, block, old < size ? old : size);
        block_delete(heap, block, old);
    }
    return moved;
}

static void *block_resize_debugged(struct heap *heap, DWORD flags, void *block, size_t old,
                                   size_t size) {
    bool zero = flags & HEAP_ZERO_MEMORY;
    size_t before = quota_of(heap, old), after = quota_of(heap, size);
    if (quota_replace(heap, before, after)) {
        if (block_resize_in_place(heap, block, old, size, zero)) {
            debug_dress(heap, block, old, size, zero);
            return block;
        }
        quota_replace(heap, after, before);
    }
    bool stays = flags & HEAP_REALLOC_IN_PLACE_ONLY;
    return stays ? NULL : block_move_debugged(heap, block, old, size, zero);
}

static void *block_resize(struct heap *heap, DWORD flags, void *block, size_t old, size_t size) {
    bool zero = flags & HEAP_ZERO_MEMORY;
    size_t before = quota_of(heap, old), after = quota_of(heap, size);
    if (size > BLOCKS_SIZE_MAX) {
        return NULL;
    }
    if (heap_is_debugged(heap)) {
        return block_resize_debugged(heap, flags, block, old, size);
    }
    if (!quota_replace(heap, before, after)) {
        return NULL;
    }
    void *resized = NULL;
    if (flags & HEAP_REALLOC_IN_PLACE_ONLY) {
        resized = block_resize_in_place(heap, block, old, size, zero) ? block : NULL;
    } else {
        resized = block_move(heap, block, old, size, zero);
    }
    if (!resized) {
        quota_replace(heap, after, before);
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
    if (!debug_open(heap)) {
        registry_return(heap);
        return NULL;
    }
    if (!adapter_open(heap)) {
        debug_close(heap);
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
    debug_close(heap);
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
    guard_enter(heap, flags);
    void *block = block_new(heap, size, flags & HEAP_ZERO_MEMORY);
    guard_leave(heap, flags);
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
    guard_enter(heap, flags);
    size_t old = block_size(heap, block);
    void *resized = old == BLOCKS_NONE ? NULL : block_resize(heap, flags, block, old, size);
    guard_leave(heap, flags);
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
    guard_enter(heap, flags);
    size_t size = block_size(heap, block);
    if (size != BLOCKS_NONE) {
        block_delete(heap, block, size);
    }
    guard_leave(heap, flags);
    return size != BLOCKS_NONE ? TRUE : corruption_refuse(heap->options, block);
}

SIZE_T HeapSize(HANDLE handle, DWORD flags, LPCVOID block) {
    struct heap *heap = registry_find(handle);
    if (!heap) {
        failure_set(ERROR_INVALID_HANDLE);
        return (SIZE_T)-1;
    }
    flags |= heap->options;
    guard_enter(heap, flags);
    size_t size = frame_block_size(heap, block);
    guard_leave(heap, flags);
    if (size == BLOCKS_NONE) {
        failure_set(ERROR_INVALID_PARAMETER);
    }
    return size;
}

/* Allocators have no call that checks their own lists. */
BOOL HeapValidate(HANDLE handle, DWORD flags, LPCVOID block) {
    struct heap *heap = registry_find(handle);
    if (!heap) {
        return FALSE;
    }
    flags |= heap->options;
    guard_enter(heap, flags);
    bool valid = block ? block_size(heap, block) != BLOCKS_NONE : debug_check(heap);
    guard_leave(heap, flags);
    return valid;
}

DWORD GetProcessHeaps(DWORD capacity, PHANDLE handles) {
    return GetProcessHeap() ? registry_list(capacity, handles) : 0;
}

const char *winheap_engine(void) {
    char version[64];
    adapter_version(version, sizeof version);
    return buildid_identify(adapter_name, version);
}
