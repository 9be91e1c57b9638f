/*
 * The engine `jemalloc`: one arena per heap through mallocx, with one explicit cache (tcache) per
 * heap, which is what jemalloc gives a user of private arenas: fast, and safe under the heap's
 * lock from any thread. In place by xallocx.
 *
 * HeapDestroy resets the arena, which frees every block at once, purges its pages and keeps it for
 * the next HeapCreate: destroying arenas instead loses 2 MiB of address space and a page each time,
 * and a cycle of 100 blocks took 76 us against 20. So idle arenas are as many as there ever were
 * heaps at once.
 *
 * jemalloc has at most 4094 arenas: a process cannot have more heaps. Pages that a large block
 * gives up by shrinking in place go back to the system after jemalloc's decay time, 10 s.
 */
#include "blocks.h"
#include "frame.h"

#include <jemalloc/jemalloc.h>
#include <stdio.h>
#include <string.h>

const char adapter_name[] = "jemalloc";

/* heap->own */
struct arena {
    unsigned index, cache;
    int flags; /* of the x-calls: this arena through this cache */
};
_Static_assert(sizeof(struct arena) <= HEAP_OWN_BYTES, "fits the descriptor");

enum { ARENAS = 4096 };

/* Arenas of destroyed heaps. */
static struct {
    pthread_mutex_t lock;
    size_t count;
    struct arena arenas[ARENAS];
} idle = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void idle_lock(void) {
    pthread_mutex_lock(&idle.lock);
}

static void idle_unlock(void) {
    pthread_mutex_unlock(&idle.lock);
}

static __attribute__((constructor)) void idle_watch_forks(void) {
    pthread_atfork(idle_lock, idle_unlock, idle_unlock);
}

static struct arena *arena_of(const struct heap *heap) {
    return (struct arena *)heap->own;
}

/* The control call whose name holds an arena's number: "arena.12.destroy". */
static void arena_control(unsigned index, const char *action) {
    char name[48];
    snprintf(name, sizeof name, "arena.%u.%s", index, action);
    mallctl(name, NULL, NULL, NULL, 0);
}

/* jemalloc's version string, "5.3.0-0-g54ea…", up to the commit. */
void adapter_version(char *text, size_t capacity) {
    const char *version = "?";
    size_t size = sizeof version;
    mallctl("version", &version, &size, NULL, 0);
    snprintf(text, capacity, "%.*s", (int)strcspn(version, "-"), version);
}

/* MALLOCX_ARENA, which shifts an int too far from arena 2047 on, without the overflow. */
static unsigned flag_of(unsigned index) {
    return (index + 1) << 20;
}

static bool arena_make(struct arena *arena) {
    size_t size = sizeof arena->index;
    if (mallctl("arenas.create", &arena->index, &size, NULL, 0) != 0) {
        return false;
    }
    if (mallctl("tcache.create", &arena->cache, &size, NULL, 0) != 0) {
        arena_control(arena->index, "destroy");
        return false;
    }
    arena->flags = (int)flag_of(arena->index) | (int)MALLOCX_TCACHE(arena->cache);
    return true;
}

bool adapter_open(struct heap *heap) {
    struct arena *arena = arena_of(heap);
    idle_lock();
    bool reuse = idle.count > 0;
    if (reuse) {
        *arena = idle.arenas[--idle.count];
    }
    idle_unlock();
    return reuse || arena_make(arena);
}

void adapter_close(struct heap *heap) {
    struct arena *arena = arena_of(heap);
    mallctl("tcache.flush", NULL, NULL, &arena->cache, sizeof arena->cache);
    arena_control(arena->index, "reset");
    arena_control(arena->index, "purge");
    idle_lock();
    idle.arenas[idle.count++] = *arena;
    idle_unlock();
}

void *adapter_alloc(struct heap *heap, size_t size, bool zero) {
    return mallocx(size, arena_of(heap)->flags | (zero ? MALLOCX_ZERO : 0));
}

/* MALLOCX_ZERO clears what lies past the old class, cheaply when the pages are new; the slack
 * between the old size and the end of its class is left to us. */
void *adapter_resize(struct heap *heap, void *block, size_t old, size_t size, bool zero) {
    size_t usable = zero ? sallocx(block, 0) : 0;
    void *resized = rallocx(block, size, arena_of(heap)->flags | (zero ? MALLOCX_ZERO : 0));
    if (resized && zero && size > old) {
        memset((char *)resized + old, 0, (size < usable ? size : usable) - old);
    }
    return resized;
}

bool adapter_resize_in_place(struct heap *heap, void *block, size_t size) {
    return xallocx(block, size, 0, arena_of(heap)->flags) >= size;
}

const size_t adapter_header_bytes = 0;

void *adapter_next(struct heap *heap, const void *block) {
    return blocks_next(heap->owner, block);
}

/* A number of jemalloc's that has so many bytes; the shorter ones fill the low bytes. */
static size_t statistic(const char *name, size_t size) {
    size_t value = 0;
    return mallctl(name, &value, &size, NULL, 0) == 0 ? value : 0;
}

static size_t bin_statistic(unsigned arena, unsigned bin, const char *what) {
    char name[64];
    snprintf(name, sizeof name, "stats.arenas.%u.bins.%u.%s", arena, bin, what);
    return statistic(name, sizeof(size_t));
}

static size_t bin_constant(unsigned bin, const char *what, size_t size) {
    char name[64];
    snprintf(name, sizeof name, "arenas.bin.%u.%s", bin, what);
    return statistic(name, size);
}

/* Purged, an arena has free blocks with memory only in the slabs of its size classes. */
static size_t largest_free(unsigned arena) {
    size_t largest = 0;
    uint64_t epoch = 1;
    mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
    for (unsigned i = 0; i < statistic("arenas.nbins", sizeof(unsigned)); i++) {
        size_t room =
            bin_statistic(arena, i, "curslabs") * bin_constant(i, "nregs", sizeof(uint32_t));
        if (room > bin_statistic(arena, i, "curregs")) {
            largest = bin_constant(i, "size", sizeof(size_t));
        }
    }
    return largest;
}

size_t adapter_compact(struct heap *heap) {
    struct arena *arena = arena_of(heap);
    mallctl("tcache.flush", NULL, NULL, &arena->cache, sizeof arena->cache);
    arena_control(arena->index, "purge");
    return largest_free(arena->index);
}

bool adapter_owns(const struct heap *heap, const void *block) {
    (void)heap, (void)block; // an arena's pages are its own: the map's answer is enough
    return true;
}

void adapter_free(struct heap *heap, void *block) {
    dallocx(block, arena_of(heap)->flags);
}
