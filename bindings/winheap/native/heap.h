/* A heap's blocks: allocation, lookup of any pointer, release; and the heap's lock. */
#ifndef WINHEAP_NATIVE_HEAP_H
#define WINHEAP_NATIVE_HEAP_H

#include "local.h"
#include "owner.h"
#include "span.h"
#include "thread.h"

/*
 * Makes a dead descriptor a heap (but for its key), with initial bytes committed and max bytes
 * reserved, 0 for no limit; false, and nothing is held, when the system has no memory.
 */
bool heap_open(struct heap *heap, uint32_t options, size_t initial, size_t max);

/* Returns everything that the heap holds. */
void heap_close(struct heap *heap);

/* The same for a heap that was live, and frees its lock however often its holder took it. */
void heap_destroy(struct heap *heap);

/* The heap's lock, which its holder may take again. */
void heap_lock(struct heap *heap);
bool heap_try_lock(struct heap *heap);
void heap_unlock(struct heap *heap);

/*
 * Takes the lock and closes the ways past it: from here to heap_readmit no other thread allocates,
 * frees or resizes a block of the heap, and what they did before is complete.
 */
void heap_exclude(struct heap *heap);
void heap_readmit(struct heap *heap);

/* The same for several locked heaps at once: between the two calls come threads_settle. */
void heap_shut(struct heap *heap);

/* In a fork's child: gives up the local parts of all threads but this one. */
void heap_orphan(struct heap *heap, const struct thread *self);

/* Parts a thread at its end from a local part that may be destroyed at the same moment. */
void heap_part(struct local *local, struct thread *self);

/* A block by whatever it takes; NULL without memory. */
void *heap_alloc(struct heap *heap, struct thread *self, size_t size, bool zero);

/* A block with a mapping of its own, at a multiple of a power of two that is at least UNIT_BYTES.
 */
void *heap_alloc_apart(struct heap *heap, size_t size, size_t alignment);

/* Frees a live block of the heap, whoever owns its span; false for any other pointer. */
bool heap_free(struct heap *heap, struct thread *self, void *block);

/*
 * What a free has left to do that brought a span of the caller's local part to its mark. In a
 * section, which it leaves.
 */
void heap_settle(struct local *local, struct thread *self, struct span *span);

/* Whether the calling thread has the lock. */
static inline bool heap_is_held(const struct heap *heap) {
    return atomic_load_explicit(&heap->holder, memory_order_relaxed) == thread_identity();
}

/* Gives back all pages that no block uses, whoever's they are; true if there were any. */
bool heap_release_unused(struct heap *heap);

/* With the lock: gives back unused pages of a heap at its maximum; true if there were any. */
bool heap_make_room(struct heap *heap);

/*
 * Changes a live block's size and returns where it stands; NULL, and nothing has changed, without
 * memory or if it must not move. *live says whether block was a live block of the heap at all.
 */
void *heap_realloc(struct heap *heap, struct thread *self, void *block, size_t size, DWORD modes,
                   bool *live);

/* The exact size of a live block of the heap; SIZE_MAX for any other pointer. */
size_t heap_size(struct heap *heap, struct thread *self, const void *block);

/* With all other threads excluded: whether the heap's structures agree with each other. */
bool heap_check(struct heap *heap);

/*
 * A section on this heap: true if the calling thread may look at live blocks' spans and post to
 * mailboxes, until section_leave; false, and it is left already, if it must take the lock.
 */
static inline bool heap_section(struct heap *heap, struct thread *self) {
    if (unlikely(!self->registered))
        return false;
    section_enter(self);
    if (likely(!atomic_load_explicit(&heap->closed, memory_order_acquire)))
        return true;
    section_leave(self);
    return false;
}

/* The span that a block of this size is taken from next, if it is ready. */
static inline struct span *heap_next_span(const struct local *local, size_t size) {
    if (likely(size <= SIZECLASS_TABLE_MAX))
        return local->direct[(size + 15) / 16];
    return unlikely(size > SIZECLASS_MAX) ? &span_none : local->current[sizeclass_computed(size)];
}

/* The span and index of a live block of this heap; NULL for any other pointer. */
static inline struct span *heap_find(const struct heap *heap, const void *block, uint32_t *index) {
    struct span *span = owner_span(block);

    if (span == NULL || segment_of(span)->heap != heap)
        return NULL;
    *index = span_index(span, block);
    if (*index >= __atomic_load_n(&span->carved, __ATOMIC_RELAXED))
        return NULL;
    return span->table[*index] >= ENTRY_LIVE ? span : NULL;
}

#endif
