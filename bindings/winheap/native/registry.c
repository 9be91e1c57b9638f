#include "registry.h"

#include "cache.h"
#include "heap.h"
#include "lock.h"
#include "os.h"
#include "owner.h"

#include <pthread.h>

/*
 * 131,072 heaps at a time: 8 GiB of address space for handles and 128 MiB for descriptors, of which
 * a page is touched for every four heaps. Halved where address space is limited.
 */
#define REGISTRY_HEAPS ((size_t)1 << 17)
#define REGISTRY_HEAPS_MIN ((size_t)1 << 12)
#define REGISTRY_QUARANTINE 1024 /* other heaps destroyed before a descriptor is used again */

/* What lookups meet where nothing could be mapped, and no heap can be created. */
static struct heap nobody[2] = {{.key = (HANDLE)UNIT_BYTES}};
struct heap *registry_heaps = nobody;
size_t registry_mask = sizeof(struct heap);

static uintptr_t first_handle;
static size_t handles_used;
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

static void registry_each_live(void (*act)(struct heap *heap)) {
    struct heap *heap = atomic_load_explicit(&process_heap, memory_order_relaxed);

    if (heap != NULL)
        act(heap);
    for (heap = oldest; heap != NULL; heap = heap->newer)
        act(heap);
}

/* The first heap whose lock another thread has, after all those before it have been locked. */
static struct heap *registry_lock_heaps(void) {
    struct heap *heap = atomic_load_explicit(&process_heap, memory_order_relaxed);

    if (heap != NULL && !heap_try_lock(heap))
        return heap;
    for (heap = oldest; heap != NULL; heap = heap->newer)
        if (!heap_try_lock(heap))
            return heap;
    return NULL;
}

static void registry_unlock_heaps(const struct heap *end) {
    struct heap *heap = atomic_load_explicit(&process_heap, memory_order_relaxed);

    if (heap == end)
        return;
    if (heap != NULL)
        heap_unlock(heap);
    for (heap = oldest; heap != end; heap = heap->newer)
        heap_unlock(heap);
}

/* Whoever has a heap's lock may be creating another heap under it. */
static void registry_lock_all(void) {
    struct heap *taken;

    registry_lock();
    while ((taken = registry_lock_heaps()) != NULL) {
        registry_unlock_heaps(taken);
        registry_unlock();
        heap_lock(taken);
        heap_unlock(taken);
        registry_lock();
    }
}

/*
 * A fork must not find a lock held by a thread that the child does not have, nor a heap in the
 * middle of a call.
 */
static void registry_before_fork(void) {
    registry_lock_all();
    registry_each_live(heap_shut);
    threads_settle();
    threads_lock();
    cache_lock();
}

static void registry_after_fork(void) {
    cache_unlock();
    threads_unlock();
    registry_each_live(heap_readmit);
    registry_unlock();
}

static void registry_orphan(struct heap *heap) {
    heap_orphan(heap, thread_self);
}

/* The heaps' local parts of threads that the child does not have wait for new ones. */
static void registry_in_child(void) {
    cache_unlock();
    threads_unlock();
    threads_forget_others();
    registry_each_live(registry_orphan);
    registry_each_live(heap_readmit);
    registry_unlock();
}

/* What no lookup compares with this handle's descriptor: the handle of the descriptor beside it. */
static HANDLE registry_dead_key(HANDLE handle) {
    return (HANDLE)((uintptr_t)handle ^ UNIT_BYTES);
}

static bool registry_map(size_t heaps) {
    char *first = os_reserve(heaps * UNIT_BYTES);
    struct heap *descriptors = os_map(heaps * sizeof(struct heap));

    if (first == NULL || descriptors == NULL) {
        os_unmap(first, first == NULL ? 0 : heaps * UNIT_BYTES);
        os_unmap(descriptors, descriptors == NULL ? 0 : heaps * sizeof(struct heap));
        return false;
    }
    first_handle = (uintptr_t)first;
    registry_heaps = descriptors;
    registry_mask = (heaps - 1) * sizeof(struct heap);
    atomic_init(&descriptors[0].key, registry_dead_key(NULL)); /* 0, as in all the others: NULL */
    return true;
}

static void registry_init(void) {
    size_t heaps = REGISTRY_HEAPS;

    threads_init();
    owner_init();
    while (heaps >= REGISTRY_HEAPS_MIN && !registry_map(heaps))
        heaps /= 2;
    pthread_atfork(registry_before_fork, registry_after_fork, registry_in_child);
}

/*
 * At load time, before any thread could see it change; sooner when another library's constructor,
 * which may run before, wants a heap.
 */
__attribute__((constructor)) static void registry_start(void) {
    static pthread_once_t started = PTHREAD_ONCE_INIT;

    pthread_once(&started, registry_init);
}

static struct heap *registry_first_use(void) {
    HANDLE handle = (HANDLE)(first_handle + handles_used * UNIT_BYTES);
    struct heap *heap = registry_slot(handle);

    if (first_handle == 0 || handles_used > registry_mask / sizeof(struct heap))
        return NULL;
    handles_used++;
    heap->handle = handle;
    return heap;
}

static struct heap *registry_reserve_locked(void) {
    struct heap *heap = spare;

    if (heap != NULL) {
        spare = heap->newer;
    } else if (dead > REGISTRY_QUARANTINE) {
        heap = first_dead;
        first_dead = heap->newer;
        dead--;
    } else {
        heap = owner_limit != 0 ? registry_first_use() : NULL;
    }
    return heap;
}

struct heap *registry_reserve(void) {
    struct heap *heap;

    registry_start();
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

void registry_publish(struct heap *heap) {
    registry_lock();
    registry_append(heap);
    atomic_store_explicit(&heap->key, heap->handle, memory_order_release);
    registry_unlock();
}

static void registry_remove(struct heap *heap) {
    if (heap->older != NULL)
        heap->older->newer = heap->newer;
    else
        oldest = heap->newer;
    if (heap->newer != NULL)
        heap->newer->older = heap->older;
    else
        newest = heap->older;
}

/* A heap is live exactly while it is listed: for whoever lists them, and for a fork's child. */
bool registry_retire(struct heap *heap) {
    HANDLE handle = heap->handle;
    bool live = false;

    registry_lock();
    if (heap != atomic_load_explicit(&process_heap, memory_order_relaxed))
        live = atomic_compare_exchange_strong(&heap->key, &handle, registry_dead_key(handle));
    if (live)
        registry_remove(heap);
    registry_unlock();
    return live;
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

    registry_start();
    registry_lock();
    heap = atomic_load_explicit(&process_heap, memory_order_relaxed);
    if (heap == NULL && (heap = registry_reserve_locked()) != NULL) {
        heap_open(heap, 0, 0, 0);
        atomic_store_explicit(&heap->key, heap->handle, memory_order_release);
        atomic_store_explicit(&process_heap, heap, memory_order_release);
    }
    registry_unlock();
    return heap;
}

struct heap *registry_process_heap(void) {
    struct heap *heap = atomic_load_explicit(&process_heap, memory_order_acquire);

    return likely(heap != NULL) ? heap : registry_make_process_heap();
}

void registry_each(void (*act)(struct heap *heap)) {
    registry_lock();
    registry_each_live(act);
    registry_unlock();
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
