/* A reserved range of descriptors, a list of the live ones and a queue of the dead ones. */
#include "registry.h"

#include "guard.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

static const size_t STRIDE = (size_t)64 << 10;

static struct {
    pthread_mutex_t lock;
    _Atomic uintptr_t base; /* of the reserved range; 0 before the first heap */
    _Atomic size_t bytes;   /* of it in use, live or dead */
    uint64_t owners;        /* given out so far */
    DWORD live;
    struct heap *first, *last; /* live */
    size_t dead;
    struct heap *oldest, *newest; /* dead */
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* A fork waits for whoever holds a lock, so that the child finds all of them free. Allocators'
 * handlers were registered when they were loaded: they come after these, as their locks do. */
static void heaps_release(const struct heap *end) {
    for (struct heap *heap = registry.first; heap != end; heap = heap->next) {
        guard_leave(heap, 0);
    }
    pthread_mutex_unlock(&registry.lock);
}

/* All locks, or none: whoever keeps a heap by HeapLock may be waiting for the registry. */
static bool heaps_take(void) {
    pthread_mutex_lock(&registry.lock);
    for (struct heap *heap = registry.first; heap; heap = heap->next) {
        if (!guard_try(heap)) {
            heaps_release(heap);
            return false;
        }
    }
    return true;
}

static void fork_prepare(void) {
    while (!heaps_take()) {
        sched_yield();
    }
}

static void fork_done(void) {
    heaps_release(NULL);
}

static bool range_reserve(void) {
    size_t size = (REGISTRY_HEAPS + 1) * STRIDE; /* one more to align */
    void *range = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED || pthread_atfork(fork_prepare, fork_done, fork_done) != 0) {
        return false;
    }
#ifdef __SANITIZE_ADDRESS__
    __lsan_register_root_region(range, size); // what live heaps hold is no leak
#endif
    atomic_store(&registry.base, ((uintptr_t)range + STRIDE - 1) & ~(STRIDE - 1));
    return true;
}

static struct heap *descriptor_make(void) {
    size_t bytes = atomic_load(&registry.bytes);
    if ((!atomic_load(&registry.base) && !range_reserve()) || bytes == REGISTRY_HEAPS * STRIDE) {
        return NULL;
    }
    void *place = (void *)(atomic_load(&registry.base) + bytes); // NOLINT: inside the range
    if (mprotect(place, sizeof(struct heap), PROT_READ | PROT_WRITE) != 0) {
        return NULL;
    }
    atomic_store_explicit(&registry.bytes, bytes + STRIDE, memory_order_release);
    return place;
}

static struct heap *descriptor_reuse(void) {
    struct heap *heap = registry.oldest;
    registry.oldest = heap->next;
    registry.dead--;
    memset(&heap->owner, 0, sizeof *heap - offsetof(struct heap, owner)); // all but `live`
    return heap;
}

struct heap *registry_find(HANDLE handle) {
    uintptr_t address = (uintptr_t)handle;
    size_t bytes = atomic_load_explicit(&registry.bytes, memory_order_acquire);
    uintptr_t offset = address - atomic_load_explicit(&registry.base, memory_order_relaxed);
    if (offset >= bytes || offset % STRIDE != 0) {
        return NULL;
    }
    struct heap *heap = handle;
    return atomic_load_explicit(&heap->live, memory_order_acquire) ? heap : NULL;
}

struct heap *registry_take(void) {
    pthread_mutex_lock(&registry.lock);
    struct heap *heap = NULL;
    if (registry.dead <= REGISTRY_QUARANTINE) {
        heap = descriptor_make();
    } else {
        heap = descriptor_reuse();
    }
    if (heap) {
        heap->owner = ++registry.owners;
    }
    pthread_mutex_unlock(&registry.lock);
    return heap;
}

void registry_publish(struct heap *heap) {
    pthread_mutex_lock(&registry.lock);
    heap->previous = registry.last;
    heap->next = NULL;
    *(registry.last ? &registry.last->next : &registry.first) = heap;
    registry.last = heap;
    registry.live++;
    atomic_store_explicit(&heap->live, true, memory_order_release);
    pthread_mutex_unlock(&registry.lock);
}

bool registry_retire(struct heap *heap) {
    pthread_mutex_lock(&registry.lock);
    bool live = atomic_exchange(&heap->live, false);
    if (live) {
        *(heap->previous ? &heap->previous->next : &registry.first) = heap->next;
        *(heap->next ? &heap->next->previous : &registry.last) = heap->previous;
        registry.live--;
    }
    pthread_mutex_unlock(&registry.lock);
    return live;
}

void registry_release(struct heap *heap) {
    pthread_mutex_lock(&registry.lock);
    heap->next = NULL;
    *(registry.oldest ? &registry.newest->next : &registry.oldest) = heap;
    registry.newest = heap;
    registry.dead++;
    pthread_mutex_unlock(&registry.lock);
}

void registry_return(struct heap *heap) {
    pthread_mutex_lock(&registry.lock);
    heap->next = registry.oldest;
    registry.oldest = heap;
    registry.newest = registry.newest && heap->next ? registry.newest : heap;
    registry.dead++;
    pthread_mutex_unlock(&registry.lock);
}

bool registry_owner_lives(uint64_t owner) {
    size_t bytes = atomic_load_explicit(&registry.bytes, memory_order_acquire);
    uintptr_t base = atomic_load_explicit(&registry.base, memory_order_relaxed);
    for (size_t offset = 0; offset < bytes; offset += STRIDE) {
        struct heap *heap = (void *)(base + offset); // NOLINT: inside the range
        if (atomic_load_explicit(&heap->live, memory_order_acquire) && heap->owner == owner) {
            return true;
        }
    }
    return false;
}

void registry_each(void (*visit)(struct heap *heap)) {
    pthread_mutex_lock(&registry.lock);
    for (struct heap *heap = registry.first; heap; heap = heap->next) {
        visit(heap);
    }
    pthread_mutex_unlock(&registry.lock);
}

DWORD registry_list(DWORD capacity, PHANDLE handles) {
    pthread_mutex_lock(&registry.lock);
    DWORD stored = 0;
    for (struct heap *heap = registry.first; heap && stored < capacity; heap = heap->next) {
        handles[stored++] = heap;
    }
    DWORD live = registry.live;
    pthread_mutex_unlock(&registry.lock);
    return live;
}
