/* The ABI over the heaps: which heap, which lock, which pointer, which error. */
#include "heap.h"
#include "lock.h"
#include "registry.h"

#include "buildid.h"
#include "failure.h"

#include <string.h>

#define CREATE_OPTIONS                                                                             \
    (HEAP_NO_SERIALIZE | HEAP_GENERATE_EXCEPTIONS | HEAP_ZERO_MEMORY | HEAP_CREATE_ALIGN_16 |      \
     HEAP_CREATE_ENABLE_TRACING)

static void api_lock(struct heap *heap, DWORD modes) {
    if ((modes & HEAP_NO_SERIALIZE) == 0)
        lock_take(&heap->lock);
}

static void api_unlock(struct heap *heap, DWORD modes) {
    if ((modes & HEAP_NO_SERIALIZE) == 0)
        lock_give(&heap->lock);
}

/* ---- HeapAlloc ---- */

static NOINLINE void *alloc_refill(struct heap *heap, DWORD flags, size_t size) {
    void *block = heap_alloc_slow(heap, size, false);

    return block != NULL ? block : failure_raise(heap->options | flags, ERROR_NOT_ENOUGH_MEMORY);
}

/* With a lock to take or a block to clear. */
static NOINLINE void *alloc_detour(struct heap *heap, DWORD flags, size_t size) {
    DWORD modes = heap->options | flags;
    bool zero = (modes & HEAP_ZERO_MEMORY) != 0;
    void *block;
    bool ready;

    api_lock(heap, modes);
    block = heap_alloc_ready(heap, size);
    ready = likely(block != NULL);
    if (!ready)
        block = heap_alloc_slow(heap, size, zero);
    api_unlock(heap, modes);
    if (ready && zero)
        memset(block, 0, size);
    return block != NULL ? block : failure_raise(modes, ERROR_NOT_ENOUGH_MEMORY);
}

LPVOID HeapAlloc(HANDLE handle, DWORD flags, SIZE_T size) {
    struct heap *heap = registry_slot(handle);
    void *block;

    if (unlikely(!registry_is_live(heap, handle)))
        return failure_raise(flags, ERROR_INVALID_HANDLE);
    if (unlikely(((flags & HEAP_ZERO_MEMORY) | heap->detour) != 0))
        return alloc_detour(heap, flags, size);
    block = heap_alloc_ready(heap, size);
    return likely(block != NULL) ? block : alloc_refill(heap, flags, size);
}

/* ---- HeapFree ---- */

static NOINLINE BOOL free_checked(HANDLE handle, DWORD flags, void *block) {
    struct heap *heap;
    struct span *span;
    DWORD modes;
    uint32_t index;

    if (block == NULL)
        return TRUE;
    heap = registry_find(handle);
    if (heap == NULL)
        return failure_set(ERROR_INVALID_HANDLE);
    modes = heap->options | flags;
    api_lock(heap, modes);
    span = heap_find(heap, block, &index);
    if (span != NULL)
        heap_free(heap, span, index, block);
    api_unlock(heap, modes);
    return span != NULL ? TRUE : failure_set(ERROR_INVALID_PARAMETER);
}

static NOINLINE BOOL free_settle(struct span *span) {
    heap_settle(segment_of(span)->heap, span);
    return TRUE;
}

/*
 * A pointer whose segment is entered as the handle's, unlocked, is in a live heap without a lock;
 * any other case is for free_checked: NULL and bad handles, of which only an odd one can meet an
 * entry.
 */
BOOL HeapFree(HANDLE handle, DWORD flags, LPVOID block) {
    struct span *span;
    uint32_t index;

    if (unlikely(owner_of(block) != (uintptr_t)handle + OWNER_UNLOCKED) ||
        unlikely(((uintptr_t)handle & OWNER_UNLOCKED) != 0))
        return free_checked(handle, flags, block);
    span = span_of(block);
    index = span_index(span, block);
    if (unlikely(index >= span->carved) || unlikely(span->table[index] == SPAN_FREE))
        return failure_set(ERROR_INVALID_PARAMETER);
    return likely(!span_put(span, index, block)) ? TRUE : free_settle(span);
}

/* ---- HeapReAlloc, HeapSize, HeapValidate ---- */

LPVOID HeapReAlloc(HANDLE handle, DWORD flags, LPVOID block, SIZE_T size) {
    struct heap *heap = registry_find(handle);
    struct span *span;
    void *resized = NULL;
    DWORD modes;
    uint32_t index;

    if (heap == NULL)
        return failure_raise(flags, ERROR_INVALID_HANDLE);
    modes = heap->options | flags;
    if (block == NULL) {
        failure_set(ERROR_SUCCESS);
        return NULL;
    }
    api_lock(heap, modes);
    span = heap_find(heap, block, &index);
    if (span != NULL)
        resized = heap_realloc(heap, span, index, block, size, modes);
    api_unlock(heap, modes);
    if (span == NULL)
        return failure_raise(modes, ERROR_INVALID_PARAMETER);
    return resized != NULL ? resized : failure_raise(modes, ERROR_NOT_ENOUGH_MEMORY);
}

SIZE_T HeapSize(HANDLE handle, DWORD flags, LPCVOID block) {
    struct heap *heap = registry_find(handle);
    struct span *span;
    size_t size = 0;
    DWORD modes;
    uint32_t index;

    if (heap == NULL) {
        failure_set(ERROR_INVALID_HANDLE);
        return (SIZE_T)-1;
    }
    modes = heap->options | flags;
    api_lock(heap, modes);
    span = heap_find(heap, block, &index);
    if (span != NULL)
        size = span_get_size(span, index);
    api_unlock(heap, modes);
    if (span == NULL) {
        failure_set(ERROR_INVALID_PARAMETER);
        return (SIZE_T)-1;
    }
    return size;
}

BOOL HeapValidate(HANDLE handle, DWORD flags, LPCVOID block) {
    struct heap *heap = registry_find(handle);
    DWORD modes;
    uint32_t index;
    bool valid;

    if (heap == NULL)
        return FALSE;
    modes = heap->options | flags;
    api_lock(heap, modes);
    valid = block == NULL ? heap_check(heap) : heap_find(heap, block, &index) != NULL;
    api_unlock(heap, modes);
    return valid;
}

/* ---- heaps ---- */

HANDLE HeapCreate(DWORD options, SIZE_T initial, SIZE_T max) {
    struct heap *heap;

    if ((options & ~CREATE_OPTIONS) != 0 || (max != 0 && initial > max))
        return failure_raise(0, ERROR_INVALID_PARAMETER);
    heap = registry_reserve();
    if (heap == NULL)
        return failure_raise(0, ERROR_NOT_ENOUGH_MEMORY);
    if (!heap_open(heap, options, initial, max)) {
        registry_cancel(heap);
        return failure_raise(0, ERROR_NOT_ENOUGH_MEMORY);
    }
    registry_publish(heap);
    return heap->handle;
}

BOOL HeapDestroy(HANDLE handle) {
    struct heap *heap = registry_find(handle);

    if (heap == NULL || !registry_retire(heap))
        return failure_set(ERROR_INVALID_HANDLE);
    heap_close(heap);
    registry_recycle(heap);
    return TRUE;
}

HANDLE GetProcessHeap(void) {
    struct heap *heap = registry_process_heap();

    return heap != NULL ? heap->handle : failure_raise(0, ERROR_NOT_ENOUGH_MEMORY);
}

DWORD GetProcessHeaps(DWORD capacity, PHANDLE heaps) {
    return (DWORD)registry_list(capacity, heaps);
}

const char *winheap_engine(void) {
    return buildid_identify("native", WINHEAP_VERSION);
}
