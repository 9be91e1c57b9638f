#include "heap.h"

#include "cache.h"
#include "debug.h"
#include "large.h"
#include "lock.h"
#include "os.h"
#include "pages.h"
#include "run.h"
#include "segment.h"

#include <string.h>

/* A fixed-size heap's address space, in whole segments: their metadata comes on top of max. */
static bool heap_reserve(struct heap *heap, size_t max) {
    size_t usable = SEGMENT_BYTES - SEGMENT_META_UNITS * UNIT_BYTES;

    heap->reserve_bytes = (pages_of(max) * PAGE_BYTES + usable - 1) / usable * SEGMENT_BYTES;
    heap->reserve = os_map_segments(heap->reserve_bytes);
    return heap->reserve != NULL;
}

/* Its lock stays as it is: a thread that parts from the dead heap may be waiting for it. */
bool heap_open(struct heap *heap, uint32_t options, size_t initial, size_t max) {
    heap->locals = NULL;
    heap->open = heap->full = heap->large = heap->spare = NULL;
    heap->segments = heap->segments_peak = heap->spares = 0;
    heap->committed = 0;
    heap->limit = max == 0 ? SIZE_MAX : pages_of(max);
    heap->reserve_bytes = heap->reserve_used = 0;
    heap->options = options;
    heap->excluding = debug_is_on(heap); /* as if somebody excluded all others, for ever */
    heap->closed = debug_is_on(heap);
    heap->lot = (options & HEAP_CREATE_HARDENED) != 0 ? os_random() : 0;
    heap->front_end = 0;
    /* The kernel would let a larger initial size be touched until it has to kill somebody. */
    if (initial != 0 && initial > os_memory_bytes())
        return false;
    if (max > BLOCK_MAX || (max != 0 && !heap_reserve(heap, max)))
        return false;
    if (segment_populate(heap, pages_of(initial)))
        return true;
    heap_close(heap);
    return false;
}

void heap_close(struct heap *heap) {
    local_release_all(heap);
    large_release_all(heap);
    segment_release_all(heap);
}

void heap_destroy(struct heap *heap) {
    heap_lock(heap);
    heap_close(heap);
    heap->depth = 1;
    heap->excluding = 0;
    atomic_store_explicit(&heap->closed, false, memory_order_relaxed);
    heap_unlock(heap);
}

static void heap_hold(struct heap *heap) {
    atomic_store_explicit(&heap->holder, thread_identity(), memory_order_relaxed);
    heap->depth = 1;
}

void heap_lock(struct heap *heap) {
    if (heap_is_held(heap)) {
        heap->depth++;
        return;
    }
    lock_take(&heap->lock);
    heap_hold(heap);
}

bool heap_try_lock(struct heap *heap) {
    if (heap_is_held(heap))
        heap->depth++;
    else if (lock_try(&heap->lock))
        heap_hold(heap);
    else
        return false;
    return true;
}

void heap_unlock(struct heap *heap) {
    if (--heap->depth != 0)
        return;
    atomic_store_explicit(&heap->holder, NULL, memory_order_relaxed);
    lock_give(&heap->lock);
}

void heap_shut(struct heap *heap) {
    heap->excluding++;
    atomic_store_explicit(&heap->closed, true, memory_order_relaxed);
    for (struct local *local = heap->locals; local != NULL; local = local->next)
        local_close(local);
}

void heap_exclude(struct heap *heap) {
    heap_lock(heap);
    heap_shut(heap);
    if (heap->excluding == 1)
        threads_settle();
}

void heap_readmit(struct heap *heap) {
    if (--heap->excluding == 0) {
        atomic_store_explicit(&heap->closed, false, memory_order_release);
        for (struct local *local = heap->locals; local != NULL; local = local->next)
            local_open(local);
    }
    heap_unlock(heap);
}

void heap_orphan(struct heap *heap, const struct thread *self) {
    for (struct local *local = heap->locals; local != NULL; local = local->next) {
        struct thread *owner = atomic_load_explicit(&local->owner, memory_order_relaxed);
        if (owner == NULL || owner == self)
            continue;
        atomic_store_explicit(&local->owner, NULL, memory_order_relaxed); /* it is no more */
        local_abandon(heap, local);
    }
}

void heap_part(struct local *local, struct thread *self) {
    struct heap *heap = local->heap;

    heap_lock(heap);
    if (atomic_load(&local->owner) == self)
        local_abandon(heap, local);
    heap_unlock(heap);
}

/* ---- allocation ---- */

static bool heap_make_ready(struct heap *heap, struct span *span) {
    return span_is_ready(span) || span_carve(heap, span);
}

/* A listed span of the class with a free block. */
static struct span *heap_ready_span(struct heap *heap, struct local *local, uint32_t sizeclass) {
    struct span *head = span_head(local, sizeclass);
    struct span *span;

    if (head != &span_none) {
        if (heap_make_ready(heap, head))
            return head;
        span = span_pass(local, head);
        if (span != NULL)
            return span;
    }
    while ((span = local_adopt(heap, local, sizeclass)) != NULL)
        if (heap_make_ready(heap, span))
            return span;
    span = head == &span_none ? span_new(heap, local, sizeclass) : NULL;
    return span != NULL && span_carve(heap, span) ? span : NULL;
}

static void *heap_alloc_block(struct heap *heap, size_t size, bool zero) {
    struct local *local = local_obtain(heap);
    struct span *span;

    if (local == NULL)
        return NULL;
    if (atomic_load_explicit(&local->mail, memory_order_relaxed) != NULL)
        local_collect(heap, local);
    span = heap_ready_span(heap, local, sizeclass_of(size));
    if (span == NULL)
        return NULL;
    if (unlikely((heap->options & HEAP_CREATE_HARDENED) != 0))
        debug_shuffle(heap, span);
    return zero ? memset(span_take(span, size), 0, size) : span_take(span, size);
}

static void *heap_alloc_any(struct heap *heap, size_t size, bool zero) {
    if (size <= SIZECLASS_MAX)
        return heap_alloc_block(heap, size, zero);
    return size <= RUN_MAX ? run_new(heap, size, zero) : large_new(heap, size, UNIT_BYTES);
}

/* Everything that any thread has left unused, which no thread may see being taken. */
bool heap_release_unused(struct heap *heap) {
    bool released = false;

    heap_exclude(heap);
    for (struct local *local = heap->locals; local != NULL; local = local->next) {
        local_collect(heap, local);
        released |= span_release_empty(heap, local);
    }
    released |= pages_trim(heap) != 0;
    heap_readmit(heap);
    return released;
}

bool heap_make_room(struct heap *heap) {
    bool released;

    if (heap->limit != SIZE_MAX)
        return heap_release_unused(heap);
    released = segment_release_spares(heap);
    return cache_release() || released;
}

/* With all others kept out: then their spans are at hand as well. */
static void *heap_alloc_scarce(struct heap *heap, size_t size, bool zero) {
    void *block = NULL;

    heap_exclude(heap);
    if (heap_make_room(heap) || heap->limit != SIZE_MAX)
        block = heap_alloc_any(heap, size, zero);
    heap_readmit(heap);
    return block;
}

static void *heap_alloc_locked(struct heap *heap, size_t size, bool zero) {
    void *block;

    heap_lock(heap);
    block = heap_alloc_any(heap, size, zero);
    if (block == NULL)
        block = heap_alloc_scarce(heap, size, zero);
    heap_unlock(heap);
    return block;
}

void *heap_alloc_apart(struct heap *heap, size_t size, size_t alignment) {
    void *block;

    heap_lock(heap);
    block = large_new(heap, size, alignment);
    if (block == NULL && heap_make_room(heap))
        block = large_new(heap, size, alignment);
    heap_unlock(heap);
    return block;
}

void *heap_alloc(struct heap *heap, struct thread *self, size_t size, bool zero) {
    struct local *local;
    struct span *span;
    void *block = NULL;

    section_enter(self);
    local = thread_recall(self, heap->handle);
    if (local != NULL && size <= SIZECLASS_MAX) {
        atomic_store_explicit(&self->recent, local, memory_order_relaxed);
        span = span_head(local, sizeclass_of(size));
        if (span_is_ready(span))
            block = span_take(span, size);
    }
    section_leave(self);
    if (block == NULL)
        return heap_alloc_locked(heap, size, zero);
    return zero ? memset(block, 0, size) : block;
}

/* ---- release ---- */

/* The owner cannot lose its span meanwhile, and nobody else takes an idle one's. */
static void heap_free_block(struct heap *heap, struct thread *self, struct span *span,
                            uint32_t index, void *block) {
    struct local *local = atomic_load_explicit(&span->local, memory_order_relaxed);
    struct thread *owner = atomic_load(&local->owner);

    if (owner != NULL && owner != self)
        local_post(span, index);
    else if (span_put(span, index, block))
        span_settle(heap, local, span);
}

static bool heap_free_locked(struct heap *heap, struct thread *self, void *block) {
    struct span *span;
    uint32_t index;

    heap_lock(heap);
    span = heap_find(heap, block, &index);
    if (span != NULL && span->kind == SPAN_RUN)
        run_free(heap, span);
    else if (span != NULL && span->kind == SPAN_LARGE)
        large_free(heap, span);
    else if (span != NULL)
        heap_free_block(heap, self, span, index, block);
    heap_unlock(heap);
    return span != NULL;
}

/*
 * To list a span again takes no lock, to release an empty one does. Whoever has the lock before
 * leaves the span be, or it could be gone with its segment; it may have made it the list's head.
 */
void heap_settle(struct local *local, struct thread *self, struct span *span) {
    struct heap *heap = local->heap;
    bool relisted = !span->listed;

    if (relisted)
        span_relist(local, span);
    else
        local->settling = span;
    section_leave(self);
    if (relisted)
        return;
    heap_lock(heap);
    local->settling = NULL;
    if (span->until == 0)
        span_settle(heap, local, span);
    heap_unlock(heap);
}

static bool heap_free_own(struct local *local, struct thread *self, struct span *span,
                          uint32_t index, void *block) {
    atomic_store_explicit(&self->recent, local, memory_order_relaxed);
    if (span_put(span, index, block))
        heap_settle(local, self, span);
    else
        section_leave(self);
    return true;
}

/* An owner who exits meanwhile may not have seen the mail: then nobody else will. */
static bool heap_free_remote(struct local *local, struct thread *self, struct span *span,
                             uint32_t index) {
    struct heap *heap = local->heap;
    bool claimed = span_claim(span, index);

    if (claimed)
        local_post(span, index);
    section_leave(self);
    if (atomic_load(&local->owner) == NULL) {
        heap_lock(heap);
        if (atomic_load(&local->owner) == NULL)
            local_collect(heap, local);
        heap_unlock(heap);
    }
    return claimed;
}

size_t heap_size(struct heap *heap, struct thread *self, const void *block) {
    bool open = heap_section(heap, self);
    struct span *span;
    uint32_t index;
    size_t size;

    if (!open)
        heap_lock(heap);
    span = heap_find(heap, block, &index);
    size = span == NULL ? SIZE_MAX : span_get_size(span, index);
    if (open)
        section_leave(self);
    else
        heap_unlock(heap);
    return size;
}

/* Spans of nobody, runs and large blocks are the lock's. */
bool heap_free(struct heap *heap, struct thread *self, void *block) {
    struct local *local;
    struct thread *owner;
    struct span *span;
    uint32_t index;

    if (!heap_section(heap, self))
        return heap_free_locked(heap, self, block);
    span = heap_find(heap, block, &index);
    local = span == NULL ? NULL : atomic_load_explicit(&span->local, memory_order_acquire);
    owner = local == NULL ? NULL : atomic_load(&local->owner);
    if (owner == self)
        return heap_free_own(local, self, span, index, block);
    if (owner != NULL)
        return heap_free_remote(local, self, span, index);
    section_leave(self);
    return span != NULL && heap_free_locked(heap, self, block);
}
