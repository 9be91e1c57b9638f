#include "registry.h"

#include "heap.h"
#include "os.h"
#include "owner.h"
#include "segment.h"

/*
 * 131,072 heaps at a time: 8 GiB of address space for handles and 128 MiB for descriptors, of which
 * a page is touched for every four heaps. Halved where address space is limited.
 */
#define REGISTRY_HEAPS ((size_t)1 << 17)
#define REGISTRY_HEAPS_MIN ((size_t)1 << 12)
#define REGISTRY_QUARANTINE 1024 /* other heaps destroyed before a descriptor is used again */

uintptr_t registry_base;
struct heap *registry_heaps;
_Atomic size_t registry_count;

static size_t capacity;
static pthread_mutex_t registry_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct heap *oldest, *newest;        /* live heaps */
static struct heap *first_dead, *last_dead; /* queue of descriptors that were heaps */
static size_t dead;                         /* its length */
static struct heap *spare;                  /* stack of descriptors that became no heap */
static _Atomic(struct heap *) process_heap;

static void registry_lock(void) {
    pthread_mutex_lock(&registry_mutex);
}

static void registry_unlock(void) {
    pthread_mutex_unlock(&registry_mutex);
}

/* A fork must not find the global locks held by a thread that the child does not have. */
static void registry_before_fork(void) {
    registry_lock();
    segment_cache_lock();
}

static void registry_after_fork(void) {
    segment_cache_unlock();
    registry_unlock();
}

static bool registry_map(size_t heaps) {
    char *handles = os_reserve(heaps * UNIT_BYTES);

    if (handles == NULL)
        return false;
    registry_heaps = os_map(heaps * sizeof(struct heap));
    if (registry_heaps == NULL) {
        os_unmap(handles, heaps * UNIT_BYTES);
        return false;
    }
    registry_base = (uintptr_t)handles;
    capacity = heaps;
    return true;
}

static bool registry_init(void) {
    size_t heaps = REGISTRY_HEAPS;

    if (capacity != 0)
        return true;
    if (!owner_init())
        return false;
    while (heaps >= REGISTRY_HEAPS_MIN && !registry_map(heaps))
        heaps /= 2;
    return capacity != 0 &&
           pthread_atfork(registry_before_fork, registry_after_fork, registry_after_fork) == 0;
}

static struct heap *registry_first_use(void) {
    size_t number = atomic_load_explicit(&registry_count, memory_order_relaxed);
    struct heap *heap = &registry_heaps[number];

    if (number == capacity)
        return NULL;
    heap->handle = (HANDLE)(registry_base + number * UNIT_BYTES); // NOLINT
    atomic_init(&heap->state, HEAP_DEAD);
    pthread_mutex_init(&heap->lock, NULL);
    atomic_store_explicit(&registry_count, number + 1, memory_order_release);
    return heap;
}

static struct heap *registry_reserve_locked(void) {
    struct heap *heap = spare;

    if (!registry_init())
        return NULL;
    if (heap != NULL) {
        spare = heap->newer;
    } else if (dead > REGISTRY_QUARANTINE) {
        heap = first_dead;
        first_dead = heap->newer;
        dead--;
    } else {
        heap = registry_first_use();
    }
    return heap;
}

struct heap *registry_reserve(void) {
    struct heap *heap;

    registry_lock();
    heap = registry_reserve_locked();
    registry_unlock();
    return heap;
}

void registry_cancel(struct heap *heap) {
    registry_lock();
    heap->newer = spare;
    spare = heap;
    registry_unlock();
}

static void registry_append(struct heap *heap) {
    heap->older = newest;
    heap->newer = NULL;
    if (newest != NULL)
        newest->newer = heap;
    else
        oldest = heap;
    newest = heap;
}

void registry_publish(struct heap *heap, uint32_t options) {
    registry_lock();
    registry_append(heap);
    registry_unlock();
    atomic_store_explicit(&heap->state, options, memory_order_release);
}

bool registry_retire(struct heap *heap) {
    if (heap == atomic_load_explicit(&process_heap, memory_order_relaxed) ||
        (atomic_exchange(&heap->state, HEAP_DEAD) & HEAP_DEAD) != 0)
        return false;
    registry_lock();
    if (heap->older != NULL)
        heap->older->newer = heap->newer;
    else
        oldest = heap->newer;
    if (heap->newer != NULL)
        heap->newer->older = heap->older;
    else
        newest = heap->older;
    registry_unlock();
    return true;
}

void registry_recycle(struct heap *heap) {
    registry_lock();
    heap->newer = NULL;
    if (dead++ == 0)
        first_dead = heap;
    else
        last_dead->newer = heap;
    last_dead = heap;
    registry_unlock();
}

/* An unlimited heap without initial pages needs no memory but its descriptor. */
static struct heap *registry_make_process_heap(void) {
    struct heap *heap;

    registry_lock();
    heap = atomic_load_explicit(&process_heap, memory_order_relaxed);
    if (heap == NULL && (heap = registry_reserve_locked()) != NULL) {
        heap_open(heap, 0, 0, 0);
        atomic_store_explicit(&heap->state, 0, memory_order_release);
        atomic_store_explicit(&process_heap, heap, memory_order_release);
    }
    registry_unlock();
    return heap;
}

struct heap *registry_process_heap(void) {
    struct heap *heap = atomic_load_explicit(&process_heap, memory_order_acquire);

    return likely(heap != NULL) ? heap : registry_make_process_heap();
}

/* The process heap is in no list: it comes first, whenever it was created. */
size_t registry_list(size_t room, HANDLE *handles) {
    const struct heap *heap = registry_process_heap();
    size_t count = 0;

    if (heap == NULL)
        return 0;
    if (count++ < room)
        handles[0] = heap->handle;
    registry_lock();
    for (heap = oldest; heap != NULL; heap = heap->newer, count++)
        if (count < room)
            handles[count] = heap->handle;
    registry_unlock();
    return count;
}
