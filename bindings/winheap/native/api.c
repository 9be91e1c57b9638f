/* The ABI over the heaps: the ways without a lock, which heap, which error. */
#include "cache.h"
#include "debug.h"
#include "heap.h"
#include "registry.h"

#include "buildid.h"
#include "corruption.h"
#include "failure.h"

#include <string.h>

#define CREATE_OPTIONS                                                                             \
    (HEAP_NO_SERIALIZE | HEAP_GENERATE_EXCEPTIONS | HEAP_ZERO_MEMORY | DEBUG_OPTIONS |             \
     HEAP_CREATE_SEGMENT_HEAP | HEAP_CREATE_ALIGN_16 | HEAP_CREATE_ENABLE_TRACING |                \
     HEAP_CREATE_ENABLE_EXECUTE)

/* ---- HeapAlloc ---- */

/* With flags, from another heap than the last time, for a large block, or when nothing is ready. */
static NOINLINE void *alloc_detour(struct thread *self, HANDLE handle, DWORD flags, size_t size) {
    struct heap *heap = registry_find(handle);
    DWORD modes;
    void *block;

    section_leave(self);
    if (heap == NULL)
        return failure_raise(flags, ERROR_INVALID_HANDLE);
    modes = heap->options | flags;
    block = (debug_is_on(heap) ? debug_alloc : heap_alloc)(heap, self, size,
                                                           (modes & HEAP_ZERO_MEMORY) != 0);
    return block != NULL ? block : failure_raise(modes, ERROR_NOT_ENOUGH_MEMORY);
}

LPVOID HeapAlloc(HANDLE handle, DWORD flags, SIZE_T size) {
    struct thread *self = thread_self;
    const struct local *local;
    struct span *span;
    void *block;

    section_enter(self);
    local = atomic_load_explicit(&self->recent, memory_order_relaxed);
    if (unlikely(atomic_load_explicit(&local->key, memory_order_acquire) != handle) ||
        unlikely((flags | local->detour) != 0))
        return alloc_detour(self, handle, flags, size);
    span = heap_next_span(local, size);
    if (!span_is_ready(span))
        return alloc_detour(self, handle, flags, size);
    block = span_take(span, size);
    section_leave(self);
    return block;
}

/* ---- HeapFree ---- */

static NOINLINE BOOL free_detour(HANDLE handle, void *block) {
    struct heap *heap;

    if (block == NULL)
        return TRUE;
    heap = registry_find(handle);
    if (heap == NULL)
        return failure_set(ERROR_INVALID_HANDLE);
    if ((debug_is_on(heap) ? debug_free : heap_free)(heap, thread_self, block))
        return TRUE;
    return corruption_refuse(heap->options, block);
}

/* With another local part than the last time, or a pointer to refuse. */
static NOINLINE BOOL free_leave(struct thread *self, HANDLE handle, void *block) {
    section_leave(self);
    return free_detour(handle, block);
}

static NOINLINE BOOL free_settle(struct thread *self, struct local *local, struct span *span) {
    heap_settle(local, self, span);
    return TRUE;
}

/* A pointer into a segment of this very heap, and one of its spans whose owner is the caller. */
BOOL HeapFree(HANDLE handle, DWORD flags, LPVOID block) {
    struct thread *self = thread_self;
    struct span *span = owner_span(block);
    struct local *local;
    uint32_t index;

    (void)flags;
    if (unlikely(span == NULL))
        return free_detour(handle, block);
    section_enter(self);
    local = atomic_load_explicit(&self->recent, memory_order_relaxed);
    if (unlikely(atomic_load_explicit(&local->key, memory_order_acquire) != handle) ||
        unlikely(atomic_load_explicit(&span->local, memory_order_relaxed) != local))
        return free_leave(self, handle, block);
    index = span_index(span, block);
    if (unlikely(!span_is_live(span, index)))
        return free_leave(self, handle, block);
    if (unlikely(span_put(span, index, block)))
        return free_settle(self, local, span);
    section_leave(self);
    return TRUE;
}

/* ---- HeapReAlloc, HeapSize, HeapValidate ---- */

LPVOID HeapReAlloc(HANDLE handle, DWORD flags, LPVOID block, SIZE_T size) {
    struct heap *heap = registry_find(handle);
    void *resized;
    DWORD modes;
    bool live;

    if (heap == NULL)
        return failure_raise(flags, ERROR_INVALID_HANDLE);
    modes = heap->options | flags;
    if (block == NULL) {
        failure_set(ERROR_SUCCESS);
        return NULL;
    }
    resized = (debug_is_on(heap) ? debug_realloc : heap_realloc)(heap, thread_self, block, size,
                                                                 modes, &live);
    if (!live)
        return failure_raise(modes, ERROR_INVALID_PARAMETER);
    return resized != NULL ? resized : failure_raise(modes, ERROR_NOT_ENOUGH_MEMORY);
}

SIZE_T HeapSize(HANDLE handle, DWORD flags, LPCVOID block) {
    struct heap *heap = registry_find(handle);
    size_t size = heap == NULL ? SIZE_MAX : debug_size(heap, thread_self, block);

    (void)flags;
    if (size == SIZE_MAX)
        failure_set(heap == NULL ? ERROR_INVALID_HANDLE : ERROR_INVALID_PARAMETER);
    return size;
}

BOOL HeapValidate(HANDLE handle, DWORD flags, LPCVOID block) {
    struct heap *heap = registry_find(handle);
    bool valid;

    (void)flags;
    if (heap == NULL)
        return FALSE;
    if (block != NULL)
        return debug_check_block(heap, thread_self, block);
    heap_exclude(heap);
    valid = heap_check(heap) && debug_check(heap);
    heap_readmit(heap);
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
    heap_destroy(heap);
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

SIZE_T winheap_set_retained(SIZE_T bytes) {
    return cache_limit(bytes);
}

const char *winheap_engine(void) {
    return buildid_identify("native", WINHEAP_VERSION);
}
