/*
 * The engine `mimalloc`: mi_heap_* under a handle.
 *
 * A mimalloc 2 heap only allocates on the thread that made it. So a heap here is one mi_heap per
 * thread that ever allocated from it, its homes: the fast path is one comparison of the first
 * home's thread, and any thread may free. HeapDestroy by the only thread that allocated is
 * mi_heap_destroy, O(pages); otherwise the blocks are found in the block map and freed one by one,
 * since no other thread's mi_heap may be destroyed, and the emptied mi_heap waits for its thread to
 * use it again.
 *
 * When a thread ends, mimalloc drops its mi_heaps and lets any mi_heap of another thread take over
 * their pages, blocks and all; mi_heap_destroy of that one then frees blocks of other heaps (seen
 * with 2.0.9). So from the first end of a thread that had homes on, blocks in pages where another
 * heap has some are set aside and not handed out, and HeapDestroy frees block by block. A program
 * that also calls mimalloc itself, or preloads it, must not let threads of its own end with live
 * blocks.
 *
 * HeapCompact leaves what it freed with mimalloc for the decommit delay, 25 ms unless
 * MIMALLOC_DECOMMIT_DELAY says otherwise; it sees to the calling thread's part of the heap.
 *
 * In place, a block grows only into the slack of its size class. Large blocks are 64-aligned.
 * Cost over mi_heap_malloc: the frame and that comparison; see mi_heap:direct in the results.
 */
#include "blocks.h"
#include "frame.h"
#include "registry.h"

#include <mimalloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char adapter_name[] = "mimalloc";

/* A thread that has homes; outlives it while homes refer to it, so that none is mistaken. */
struct thread {
    bool ended;
    size_t homes;       /* that refer to it */
    struct home *spare; /* its mi_heaps that destroyed heaps left behind */
};

struct home {
    struct thread *thread;
    mi_heap_t *blocks;
    struct home *next;
};

/* heap->own. The home used last stands first. */
struct homes {
    struct home *first;
    bool scattered; /* other threads than the first home's may have blocks */
    void **aside;   /* blocks from pages of other heaps, linked, never handed out */
};
_Static_assert(sizeof(struct homes) <= HEAP_OWN_BYTES, "fits the descriptor");

/* Guards every struct thread, and the list of homes of heaps without a lock of their own. */
static pthread_mutex_t threads_lock = PTHREAD_MUTEX_INITIALIZER;

/* A thread with homes has ended: pages may hold blocks of several heaps. */
static atomic_bool orphaned;

/* Static TLS: a dynamic one would cost a call on each allocation. */
static _Thread_local __attribute__((tls_model("initial-exec"))) struct thread *self;

static void threads_fork_prepare(void) {
    pthread_mutex_lock(&threads_lock);
}

static void threads_fork_done(void) {
    pthread_mutex_unlock(&threads_lock);
}

/* Earlier than the frame registers: a fork takes the locks of heaps first, as a call does. */
static __attribute__((constructor)) void threads_watch_forks(void) {
    pthread_atfork(threads_fork_prepare, threads_fork_done, threads_fork_done);
}

static struct homes *homes_of(struct heap *heap) {
    return (struct homes *)heap->own;
}

static void thread_free_if_done(struct thread *thread) {
    if (thread->ended && thread->homes == 0) {
        free(thread);
    }
}

/* Runs before mimalloc's own end of thread: after it, each home of this thread is history. */
static void thread_end(void *ended) {
    struct thread *thread = ended;
    pthread_mutex_lock(&threads_lock);
    self = NULL;
    thread->ended = true;
    for (struct home *home = thread->spare, *next = NULL; home; home = next) {
        next = home->next;
        free(home);
        thread->homes--;
    }
    if (thread->homes > 0) {
        atomic_store(&orphaned, true);
    }
    thread_free_if_done(thread);
    pthread_mutex_unlock(&threads_lock);
}

/* The C++ ABI's way to be called at the end of a thread, earlier than any pthread key. */
extern int __cxa_thread_atexit_impl(void (*function)(void *), void *object, void *library);
extern void *__dso_handle;

static bool thread_begin(void) {
    struct thread *thread = calloc(1, sizeof *thread);
    if (!thread || __cxa_thread_atexit_impl(thread_end, thread, &__dso_handle) != 0) {
        free(thread);
        return false;
    }
    self = thread;
    return true;
}

/* A home of the calling thread; the lock is held. */
static struct home *home_make(void) {
    struct home *home = self->spare;
    if (home) {
        self->spare = home->next;
        return home;
    }
    home = calloc(1, sizeof *home);
    mi_heap_t *blocks = home ? mi_heap_new() : NULL;
    if (!blocks) {
        free(home);
        return NULL;
    }
    *home = (struct home){.thread = self, .blocks = blocks};
    self->homes++;
    return home;
}

/* Takes the calling thread's home out of the list, and drops homes of ended threads on the way. */
static struct home *home_take(struct homes *homes) {
    struct home *found = NULL;
    for (struct home **link = &homes->first, *home = *link; home; home = *link) {
        bool mine = home->thread == self;
        if (!mine && !home->thread->ended) {
            link = &home->next;
            continue;
        }
        *link = home->next;
        if (mine) {
            found = home;
            continue;
        }
        home->thread->homes--;
        thread_free_if_done(home->thread);
        free(home);
    }
    return found;
}

/* The calling thread allocates from this heap for the first time, or not as the last one did. */
static __attribute__((noinline)) mi_heap_t *home_switch(struct homes *homes) {
    if (!self && !thread_begin()) {
        return NULL;
    }
    pthread_mutex_lock(&threads_lock);
    bool others = homes->first != NULL;
    struct home *home = home_take(homes);
    home = home ? home : home_make();
    if (home) {
        homes->scattered |= others;
        home->next = homes->first;
        homes->first = home;
    }
    pthread_mutex_unlock(&threads_lock);
    return home ? home->blocks : NULL;
}

static inline mi_heap_t *home_of(struct heap *heap) {
    struct homes *homes = homes_of(heap);
    struct home *first = homes->first;
    return first && first->thread == self ? first->blocks : home_switch(homes);
}

void adapter_version(char *text, size_t capacity) {
    int version = mi_version();
    snprintf(text, capacity, "%d.%d.%d", version / 100, version / 10 % 10, version % 10);
}

bool adapter_open(struct heap *heap) {
    return home_of(heap) != NULL;
}

static void block_release(void *block, void *context) {
    (void)context;
    blocks_drop(block);
    mi_free(block);
}

static void aside_release(struct homes *homes) {
    for (void **block = homes->aside, **next = NULL; block; block = next) {
        next = *block;
        mi_free(block);
    }
}

/* The home is empty, or belongs to the calling thread; the lock is held. */
static void home_close(struct home *home) {
    struct thread *thread = home->thread;
    if (thread != self && !thread->ended) {
        home->next = thread->spare;
        thread->spare = home;
        return;
    }
    if (thread == self) {
        atomic_load(&orphaned) ? mi_heap_delete(home->blocks) : mi_heap_destroy(home->blocks);
    }
    free(home);
    thread->homes--;
    thread_free_if_done(thread);
}

void adapter_close(struct heap *heap) {
    struct homes *homes = homes_of(heap);
    struct home *first = homes->first; // NULL: all their threads have ended, without a successor
    if (homes->scattered || !first || first->thread != self || atomic_load(&orphaned)) {
        blocks_each(heap->owner, block_release, NULL);
        aside_release(homes);
    }
    pthread_mutex_lock(&threads_lock);
    for (struct home *home = homes->first, *next = NULL; home; home = next) {
        next = home->next;
        home_close(home);
    }
    pthread_mutex_unlock(&threads_lock);
}

static inline void *block_make(mi_heap_t *home, size_t size, bool zero) {
    return zero ? mi_heap_zalloc(home, size) : mi_heap_malloc(home, size);
}

/* This block, or the first that follows it and stands in a page without other heaps' blocks. */
static __attribute__((noinline)) void *block_sound(struct heap *heap, void *block, size_t size,
                                                   bool zero) {
    struct homes *homes = homes_of(heap);
    while (block && !blocks_exclusive(heap->owner, block, registry_owner_lives)) {
        *(void **)block = (void *)homes->aside;
        homes->aside = block;
        block = block_make(homes->first->blocks, size, zero);
    }
    return block;
}

/* The flag is read after the block is made: only then does it cover what the block's page was. */
void *adapter_alloc(struct heap *heap, size_t size, bool zero) {
    mi_heap_t *home = home_of(heap);
    void *block = home ? block_make(home, size, zero) : NULL;
    if (__builtin_expect(atomic_load_explicit(&orphaned, memory_order_acquire), 0)) {
        return block_sound(heap, block, size, zero);
    }
    return block;
}

/* mi_heap_realloc's own rule and work, but that the new block can be set aside: a block stays while
 * it fills at least half of what it has. */
void *adapter_resize(struct heap *heap, void *block, size_t old, size_t size, bool zero) {
    size_t usable = mi_usable_size(block);
    char *resized = block;
    if (size > usable || size < usable / 2) {
        resized = adapter_alloc(heap, size, false);
        if (!resized) {
            return NULL;
        }
        memcpy(resized, block, old < size ? old : size);
        mi_free(block);
    }
    if (zero && size > old) {
        memset(resized + old, 0, size - old);
    }
    return resized;
}

bool adapter_resize_in_place(struct heap *heap, void *block, size_t size) {
    (void)heap;
    return mi_usable_size(block) >= size;
}

const size_t adapter_header_bytes = 0;

void *adapter_next(struct heap *heap, const void *block) {
    return blocks_next(heap->owner, block);
}

static bool area_note_free(const mi_heap_t *home, const mi_heap_area_t *area, void *block,
                           size_t block_size, void *largest) {
    (void)home, (void)block;
    if (area->used < area->committed / area->full_block_size && block_size > *(size_t *)largest) {
        *(size_t *)largest = block_size;
    }
    return true;
}

/* The calling thread's part of the heap: another thread's mi_heap is nobody else's to look at. */
size_t adapter_compact(struct heap *heap) {
    mi_heap_t *home = home_of(heap);
    size_t largest = 0;
    if (home) {
        mi_heap_collect(home, true);
        mi_heap_visit_blocks(home, false, area_note_free, &largest);
    }
    return largest;
}

bool adapter_owns(const struct heap *heap, const void *block) {
    (void)heap, (void)block; // a mi_heap's pages are its own: the map's answer is enough
    return true;
}

void adapter_free(struct heap *heap, void *block) {
    (void)heap;
    mi_free(block);
}
