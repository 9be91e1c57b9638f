/* HeapLock and HeapUnlock: the heap's lock, kept between calls. */
#include "guard.h"

#include "failure.h"
#include "registry.h"

/* A live thread by an address that no other has. */
static _Thread_local char thread __attribute__((tls_model("initial-exec")));

bool guard_is_mine(const struct heap *heap) {
    return guard_is_kept(heap) &&
           atomic_load_explicit(&heap->holder, memory_order_relaxed) == (uintptr_t)&thread;
}

bool guard_try(struct heap *heap) {
    return guard_is_mine(heap) || lock_try(&heap->lock);
}

BOOL HeapLock(HANDLE handle) {
    struct heap *heap = registry_find(handle);
    if (!heap) {
        return failure_set(ERROR_INVALID_HANDLE);
    }
    if (heap->options & HEAP_NO_SERIALIZE) {
        return TRUE;
    }
    guard_enter(heap, 0);
    atomic_store_explicit(&heap->holder, (uintptr_t)&thread, memory_order_relaxed);
    atomic_fetch_add_explicit(&heap->depth, 1, memory_order_relaxed);
    return TRUE;
}

BOOL HeapUnlock(HANDLE handle) {
    struct heap *heap = registry_find(handle);
    if (!heap) {
        return failure_set(ERROR_INVALID_HANDLE);
    }
    if (heap->options & HEAP_NO_SERIALIZE) {
        return TRUE;
    }
    if (!guard_is_mine(heap)) {
        return failure_set(ERROR_NOT_LOCKED);
    }
    atomic_fetch_sub_explicit(&heap->depth, 1, memory_order_relaxed);
    guard_leave(heap, 0);
    return TRUE;
}
