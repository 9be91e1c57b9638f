#include "cache.h"

#include <pthread.h>

/*
 * Empty segments of growable heaps, kept mapped with their pages for whoever needs one next, so
 * that a heap created and destroyed in a loop, or living at a segment's edge, makes no system call.
 * Eight keep the memory held back under 32 MiB.
 */
#define CACHE_SEGMENTS 8
static struct segment *cache[CACHE_SEGMENTS];
static unsigned cached;
static pthread_mutex_t cache_mutex = PTHREAD_MUTEX_INITIALIZER;

void cache_lock(void) {
    pthread_mutex_lock(&cache_mutex);
}

void cache_unlock(void) {
    pthread_mutex_unlock(&cache_mutex);
}

struct segment *cache_take(void) {
    struct segment *segment;

    cache_lock();
    segment = cached != 0 ? cache[--cached] : NULL;
    cache_unlock();
    return segment;
}

bool cache_keep(struct segment *segment) {
    bool kept;

    cache_lock();
    kept = cached < CACHE_SEGMENTS;
    if (kept)
        cache[cached++] = segment;
    cache_unlock();
    return kept;
}
