/*
 * Who is in a heap: every call takes the heap's lock and gives it back, HeapLock keeps it until
 * HeapUnlock. Only the thread that holds the lock changes the count of its HeapLocks; so a call
 * that finds it 0 has taken the lock itself, and any other belongs to the holder.
 *
 * Cost of HeapLock to calls without it: one load and one branch at each end.
 */
#ifndef ADAPTERS_GUARD_H
#define ADAPTERS_GUARD_H

#include "frame.h"
#include "lock.h"

#include <stdatomic.h>

/* Whether the calling thread has locked the heap by HeapLock. */
bool guard_is_mine(const struct heap *heap);

/* Takes the heap's lock unless another thread has it; to be given back by guard_leave. */
bool guard_try(struct heap *heap);

static inline bool guard_is_kept(const struct heap *heap) {
    return __builtin_expect(atomic_load_explicit(&heap->depth, memory_order_relaxed) != 0, 0);
}

static inline void guard_enter(struct heap *heap, DWORD modes) {
    if (!(modes & HEAP_NO_SERIALIZE) && !(guard_is_kept(heap) && guard_is_mine(heap))) {
        lock_take(&heap->lock);
    }
}

static inline void guard_leave(struct heap *heap, DWORD modes) {
    if (!(modes & HEAP_NO_SERIALIZE) && !guard_is_kept(heap)) {
        lock_give(&heap->lock);
    }
}

#endif
