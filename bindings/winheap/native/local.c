#include "local.h"

#include "pool.h"
#include "span.h"
#include "thread.h"

#include <string.h>

/* Its key is no handle, and stands for closed in others' keys too. */
struct local local_none = {.key = &local_none};

static struct local *local_spare; /* stack of local parts without a heap; under threads_lock */

static struct local *local_take(void) {
    struct local *local;

    threads_lock();
    local = local_spare;
    if (local != NULL)
        local_spare = local->next;
    else
        local = pool_carve(sizeof *local);
    threads_unlock();
    return local;
}

static void local_give(struct local *local) {
    threads_lock();
    local->next = local_spare;
    local_spare = local;
    threads_unlock();
}

static struct local *local_new(struct heap *heap) {
    struct local *local = local_take();

    if (local == NULL)
        return NULL;
    local_close(local);
    local->detour = heap->options & HEAP_ZERO_MEMORY;
    local->heap = heap;
    for (size_t i = 0; i < DIRECT_COUNT; i++)
        local->direct[i] = &span_none;
    for (size_t i = 0; i < SIZECLASS_COUNT; i++)
        local->current[i] = &span_none;
    local->settling = NULL;
    atomic_store_explicit(&local->mail, NULL, memory_order_relaxed);
    local->next = heap->locals;
    heap->locals = local;
    return local;
}

struct local *local_find(struct heap *heap, const struct thread *owner) {
    struct local *local = heap->locals;

    while (local != NULL && atomic_load_explicit(&local->owner, memory_order_relaxed) != owner)
        local = local->next;
    return local;
}

/* One whose owner has ended without telling, now idle; NULL when there is none. */
static struct local *local_bereft(struct heap *heap) {
    struct local *local = heap->locals;

    while (local != NULL && !thread_is_gone(local->owner))
        local = local->next;
    if (local != NULL)
        local_abandon(heap, local);
    return local;
}

static struct local *local_idle(struct heap *heap) {
    struct local *local = local_find(heap, NULL);

    if (local == NULL)
        local = local_bereft(heap);
    return local != NULL ? local : local_new(heap);
}

struct local *local_obtain(struct heap *heap) {
    struct thread *self = thread_register();
    struct local *local = self != NULL ? local_find(heap, self) : NULL;

    if (local == NULL) {
        local = local_idle(heap);
        if (local != NULL && self != NULL)
            thread_attach(self, local);
    }
    if (local != NULL)
        local_open(local);
    return local;
}

void local_set_current(struct local *local, uint32_t sizeclass, struct span *span) {
    uint32_t last = sizeclass_size(sizeclass) / 16;

    local->current[sizeclass] = span;
    if (last >= DIRECT_COUNT)
        return;
    for (uint32_t i = sizeclass == 0 ? 0 : sizeclass_size(sizeclass - 1) / 16 + 1; i <= last; i++)
        local->direct[i] = span;
}

void local_open(struct local *local) {
    struct heap *heap = local->heap;

    if (!atomic_load_explicit(&heap->closed, memory_order_relaxed) &&
        atomic_load_explicit(&local->owner, memory_order_relaxed) != NULL)
        atomic_store_explicit(&local->key, heap->handle, memory_order_release);
}

void local_close(struct local *local) {
    atomic_store_explicit(&local->key, (HANDLE)&local_none, memory_order_relaxed);
}

void local_abandon(struct heap *heap, struct local *local) {
    local_close(local);
    thread_detach(local);
    local->settling = NULL; /* of an owner that a fork's child does not have */
    local_collect(heap, local);
    span_release_empty(heap, local);
}

static void local_tell(struct local *local, struct span *span) {
    struct mailbox *mail = span_mail(span);
    struct span *first = atomic_load_explicit(&local->mail, memory_order_relaxed);

    do {
        mail->next = first;
    } while (!atomic_compare_exchange_weak(&local->mail, &first, span));
}

void local_post(struct span *span, uint32_t index) {
    if (span_post(span, index))
        local_tell(atomic_load_explicit(&span->local, memory_order_acquire), span);
}

/* A span that was given away after its mail had been told of here: its new owner is told. */
void local_collect(struct heap *heap, struct local *local) {
    struct span *span = atomic_exchange(&local->mail, NULL);

    while (span != NULL) {
        struct span *next = span_mail(span)->next;
        struct local *present = atomic_load_explicit(&span->local, memory_order_relaxed);
        if (present == local || atomic_load(&present->owner) == NULL)
            span_collect(heap, present, span);
        else
            local_tell(present, span);
        span = next;
    }
}

static struct span *local_span_with_room(const struct local *local, uint32_t sizeclass) {
    struct span *span = local->current[sizeclass];

    while (span != &span_none &&
           ((span->free == ENTRY_NONE && span->carved == span->blocks) || span == local->settling))
        span = span->next;
    return span;
}

struct span *local_adopt(struct heap *heap, struct local *local, uint32_t sizeclass) {
    for (struct local *other = heap->locals; other != NULL; other = other->next) {
        bool idle = atomic_load_explicit(&other->owner, memory_order_relaxed) == NULL;
        struct span *span;
        if (other == local || !(idle || heap->excluding != 0))
            continue;
        span = local_span_with_room(other, sizeclass);
        if (span != &span_none) {
            span_transfer(other, local, span);
            return span;
        }
    }
    return NULL;
}

/* Whether another thread owned one of them. */
static bool local_detach_all(struct heap *heap, const struct thread *self) {
    bool others = false;

    for (struct local *local = heap->locals; local != NULL; local = local->next) {
        const struct thread *owner = atomic_load_explicit(&local->owner, memory_order_relaxed);
        others |= owner != NULL && owner != self;
        local_close(local);
        thread_detach(local);
    }
    return others;
}

/*
 * An owner that is at work with another heap may be about to look at a local part's key: it must
 * not find there the very handle that it looks for, for by then the local part is another thread's.
 */
void local_release_all(struct heap *heap) {
    if (local_detach_all(heap, thread_self))
        threads_settle();
    while (heap->locals != NULL) {
        struct local *local = heap->locals;
        heap->locals = local->next;
        local_give(local);
    }
}
