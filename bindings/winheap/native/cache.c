#include "cache.h"

#include "segment.h"

#include <pthread.h>

#define CACHE_DEFAULT ((size_t)32 << 20)

static struct segment *cache; /* stack */
static size_t cached;         /* bytes of address space, pages or not */
static size_t cache_most = CACHE_DEFAULT;
static pthread_mutex_t cache_mutex = PTHREAD_MUTEX_INITIALIZER;

void cache_lock(void) {
    pthread_mutex_lock(&cache_mutex);
}

void cache_unlock(void) {
    pthread_mutex_unlock(&cache_mutex);
}

static struct segment *cache_pop(void) {
    struct segment *segment = cache;

    if (segment != NULL) {
        cache = segment->next;
        cached -= SEGMENT_BYTES;
    }
    return segment;
}

struct segment *cache_take(void) {
    struct segment *segment;

    cache_lock();
    segment = cache_pop();
    cache_unlock();
    return segment;
}

bool cache_keep(struct segment *segment) {
    bool kept;

    cache_lock();
    kept = cached < cache_most && cache_most - cached >= SEGMENT_BYTES;
    if (kept) {
        segment->next = cache;
        cache = segment;
        cached += SEGMENT_BYTES;
    }
    cache_unlock();
    return kept;
}

static bool cache_shrink(size_t bytes) {
    bool released = cached > bytes;

    while (cached > bytes)
        segment_unmap(cache_pop());
    return released;
}

size_t cache_limit(size_t bytes) {
    size_t before;

    cache_lock();
    before = cache_most;
    cache_most = bytes;
    cache_shrink(bytes);
    cache_unlock();
    return before;
}

bool cache_release(void) {
    bool released;

    cache_lock();
    released = cache_shrink(0);
    cache_unlock();
    return released;
}
