/*
 * malloc:NAME: whatever serves the process's malloc; which library that is, is checked.
 *
 * Each known allocator has a call of its own for giving unused memory back. It is looked up by
 * name, and counts only when the library that serves malloc defines it.
 */
#define _GNU_SOURCE
#include "strategy_open.h"

#include <provenance.h>

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* ---- giving memory back ---- */

static void *find_in_malloc(const char *symbol) {
    gbench_library serving, defining;
    void *found = dlsym(RTLD_DEFAULT, symbol);
    int same = found && gbench_library_of_symbol("malloc", &serving) == 0 &&
               gbench_library_of_address(found, &defining) == 0 &&
               strcmp(serving.path, defining.path) == 0;
    return same ? found : NULL;
}

static struct {
    int (*malloc_trim)(size_t);
    int (*mallctl)(const char *, void *, size_t *, void *, size_t);
    void (*mi_collect)(_Bool);
    void (*mark_thread_idle)(void);
    void (*release_free_memory)(void);
} calls;

static void compact_glibc(void) {
    calls.malloc_trim(0);
}

/* The thread's cache, then all arenas: 4096 is MALLCTL_ARENAS_ALL. */
static void compact_jemalloc(void) {
    calls.mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    calls.mallctl("arena.4096.purge", NULL, NULL, NULL, 0);
}

static void compact_mimalloc(void) {
    calls.mi_collect(1);
}

/* An idle thread gives its cache to the central lists, whose whole spans are then released. */
static void compact_tcmalloc(void) {
    calls.mark_thread_idle();
    calls.release_free_memory();
}

static const struct returning {
    const char *symbol;
    void *call; /* a pointer in calls */
    void (*compact)(void);
} returning[] = {
    {"malloc_trim", &calls.malloc_trim, compact_glibc},
    {"mallctl", &calls.mallctl, compact_jemalloc},
    {"mi_collect", &calls.mi_collect, compact_mimalloc},
    {"MallocExtension_MarkThreadIdle", &calls.mark_thread_idle, NULL},
    {"MallocExtension_ReleaseFreeMemory", &calls.release_free_memory, compact_tcmalloc},
};

static void find_compact(strategy_malloc *malloc_strategy) {
    for (size_t i = 0; i < sizeof returning / sizeof returning[0]; i++) {
        void *found = find_in_malloc(returning[i].symbol);
        memcpy(returning[i].call, &found, sizeof found);
        if (found && returning[i].compact)
            malloc_strategy->compact = returning[i].compact;
    }
}

/* ---- which library it is ---- */

static const struct known_malloc {
    const char *name, *library;
} known_mallocs[] = {{"glibc", "libc.so.6"},
                     {"jemalloc", "libjemalloc"},
                     {"mimalloc", "libmimalloc"},
                     {"tcmalloc", "libtcmalloc"}};

static int is_expected_path(const char *expected, const char *actual) {
    char resolved[PATH_MAX];
    return realpath(expected, resolved) && strcmp(resolved, actual) == 0;
}

static const char *expected_library(const char *name) {
    for (size_t i = 0; i < sizeof known_mallocs / sizeof known_mallocs[0]; i++)
        if (strcmp(name, known_mallocs[i].name) == 0)
            return known_mallocs[i].library;
    return NULL;
}

int opening_malloc(const opening *o) {
    gbench_library library;
    const char *expected = o->paths->malloc ? o->paths->malloc : expected_library(o->rest);
    if (!expected)
        return COMPLAIN(o, "%s: name the library that serves it with --expect-malloc=PATH",
                        o->s->name);
    if (gbench_library_of_symbol("malloc", &library) != 0)
        return COMPLAIN(o, "%s: cannot tell which library serves malloc", o->s->name);
    int served = o->paths->malloc ? is_expected_path(expected, library.path)
                                  : strstr(strrchr(library.path, '/'), expected) != NULL;
    if (!served)
        return COMPLAIN(o, "%s: malloc is served by %s, not by %s; set LD_PRELOAD", o->s->name,
                        library.path, expected);
    find_compact(&o->s->malloc);
    return 0;
}
