/*
 * An engine for tests: it says how its heap was created, and is wrong in three ways that
 * heaplab-bench must see. It never zeroes a block, it never grows one in place, and a heap with a
 * maximum is always full. Where SPY_REPORT is set, the process ends by saying how many heaps were
 * made and how many blocks were freed by another thread than the one that allocated them.
 */
#include <winheap/heapapi.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct heap {
    DWORD options;
    SIZE_T max;
    void *kept; /* the last block freed, in use again for the next allocation of its size */
    unsigned heaps, remote_frees;
} the_heap;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

typedef struct block {
    SIZE_T size;
    pthread_t owner;
    max_align_t bytes[];
} block;

HANDLE HeapCreate(DWORD options, SIZE_T initial, SIZE_T max) {
    (void)initial;
    pthread_mutex_lock(&lock);
    if (the_heap.heaps++ == 0) { /* all others are created alike, while threads read these */
        the_heap.options = options;
        the_heap.max = max;
    }
    pthread_mutex_unlock(&lock);
    return &the_heap;
}

__attribute__((destructor)) static void report(void) {
    if (getenv("SPY_REPORT"))
        fprintf(stderr, "spy: heaps=%u remote_frees=%u\n", the_heap.heaps, the_heap.remote_frees);
}

BOOL HeapDestroy(HANDLE heap) {
    return heap == &the_heap;
}

/* The block freed last, when it has this size. */
static block *take_kept(SIZE_T size) {
    pthread_mutex_lock(&lock);
    block *kept = the_heap.kept;
    if (kept && kept->size == size)
        the_heap.kept = NULL;
    else
        kept = NULL;
    pthread_mutex_unlock(&lock);
    return kept;
}

LPVOID HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size) {
    (void)heap;
    (void)flags;
    if (the_heap.max)
        return NULL;
    block *b = take_kept(size);
    if (!b) {
        b = malloc(sizeof *b + size);
        if (!b)
            return NULL;
        /* Even the first block: a busy machine measures no second. */
        memset(b, 0xab, sizeof *b + size);
        b->size = size;
    }
    b->owner = pthread_self();
    /* cppcheck-suppress memleak ; block_of() finds the block again */
    return b->bytes;
}

static block *block_of(LPVOID bytes) {
    return (block *)(void *)((char *)bytes - offsetof(block, bytes));
}

BOOL HeapFree(HANDLE heap, DWORD flags, LPVOID bytes) {
    (void)heap;
    (void)flags;
    if (!bytes)
        return TRUE;
    block *b = block_of(bytes);
    pthread_mutex_lock(&lock);
    the_heap.remote_frees += !pthread_equal(b->owner, pthread_self());
    free(the_heap.kept);
    the_heap.kept = b;
    pthread_mutex_unlock(&lock);
    return TRUE;
}

LPVOID HeapReAlloc(HANDLE heap, DWORD flags, LPVOID bytes, SIZE_T size) {
    if (flags & HEAP_REALLOC_IN_PLACE_ONLY)
        return NULL;
    LPVOID grown = HeapAlloc(heap, 0, size);
    if (!grown)
        return NULL;
    block *old = block_of(bytes);
    memcpy(grown, bytes, old->size < size ? old->size : size);
    free(old);
    return grown;
}

const char *winheap_engine(void) {
    static char text[64];
    snprintf(text, sizeof text, "spy options=%u max=%zu", the_heap.options, the_heap.max);
    return text;
}
