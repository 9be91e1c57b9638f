#include "strategy.h"
#include "strategy_open.h"

#include <gbench.h>
#include <provenance.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned char strategy_buffer[STRATEGY_BUFFER_SIZE];

/* ---- libraries ---- */

int opening_load(const opening *o, void *library, const char *symbol, void *function) {
    void *address = dlsym(library, symbol);
    memcpy(function, &address, sizeof address);
    return address ? 0 : COMPLAIN(o, "%s: the library has no %s", o->s->name, symbol);
}

void opening_prove_engine(const char *engine, const void *function) {
    gbench_library library;
    gbench_context("heaplab_engine", engine);
    if (gbench_library_of_address(function, &library) == 0) {
        gbench_context("heaplab_engine_path", library.path);
        gbench_context("heaplab_engine_build_id", library.build_id);
    }
}

/* ---- mi_heap:direct ---- */

static int open_mi_heap(const opening *o) {
    char engine[64];
    strategy_mi_heap *mi = &o->s->mi_heap;
    void *library = dlopen("libmimalloc.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return COMPLAIN(o, "%s: %s", o->s->name, dlerror());
    if (opening_load(o, library, "mi_heap_malloc", &mi->alloc) ||
        opening_load(o, library, "mi_heap_zalloc", &mi->zalloc) ||
        opening_load(o, library, "mi_heap_realloc", &mi->realloc) ||
        opening_load(o, library, "mi_free", &mi->free) ||
        opening_load(o, library, "mi_heap_new", &mi->create) ||
        opening_load(o, library, "mi_heap_destroy", &mi->destroy) ||
        opening_load(o, library, "mi_heap_collect", &mi->collect) ||
        opening_load(o, library, "mi_version", &mi->version))
        return -1;
    mi->handle = mi->create();
    if (!mi->handle)
        return COMPLAIN(o, "%s: mi_heap_new failed", o->s->name);
    snprintf(engine, sizeof engine, "mi_heap %d", mi->version());
    opening_prove_engine(engine, (const void *)(uintptr_t)mi->alloc);
    return 0;
}

/* ---- arena:mmap, nop and floor ---- */

static int open_without_library(const opening *o) {
    (void)o;
    return 0;
}

static void *floor_alloc(void *heap, size_t size) {
    (void)heap;
    (void)size;
    return strategy_buffer;
}

static void floor_free(void *heap, void *block) {
    (void)heap;
    (void)block;
}

static int open_floor(const opening *o) {
    o->s->floor = (strategy_floor){floor_alloc, floor_free};
    return 0;
}

/* ---- names ---- */

#define ALL_OF_A_HEAP                                                                              \
    (STRATEGY_REGIONS | STRATEGY_MEMORY | STRATEGY_FREE | STRATEGY_UNLIMITED | STRATEGY_REMOTE)

/* A name ending in ':' is a prefix. nop and floor pretend to everything but memory and threads. */
static const struct kind {
    const char *name;
    strategy_kind kind;
    unsigned abilities;
    int (*open)(const opening *);
} kinds[] = {
    {"heap:", STRATEGY_heap, ALL_OF_A_HEAP | STRATEGY_IN_PLACE | STRATEGY_SHARED, opening_heap},
    {"malloc:", STRATEGY_malloc, (ALL_OF_A_HEAP & ~STRATEGY_REGIONS) | STRATEGY_SHARED,
     opening_malloc},
    {"mi_heap:direct", STRATEGY_mi_heap, ALL_OF_A_HEAP, open_mi_heap},
    {"arena:mmap", STRATEGY_arena, STRATEGY_REGIONS | STRATEGY_MEMORY, open_without_library},
    {"nop", STRATEGY_nop, STRATEGY_IN_PLACE | STRATEGY_REGIONS | STRATEGY_FREE | STRATEGY_UNLIMITED,
     open_without_library},
    {"floor", STRATEGY_floor,
     STRATEGY_IN_PLACE | STRATEGY_REGIONS | STRATEGY_FREE | STRATEGY_UNLIMITED, open_floor},
};

static const struct kind *find_kind(const char *name) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t length = strlen(kinds[i].name);
        int is_prefix = kinds[i].name[length - 1] == ':';
        if (is_prefix ? strncmp(name, kinds[i].name, length) == 0 && name[length]
                      : strcmp(name, kinds[i].name) == 0)
            return &kinds[i];
    }
    return NULL;
}

int strategy_abilities(const char *name) {
    const struct kind *kind = find_kind(name);
    if (!kind)
        return -1;
    unsigned takes = kind->kind == STRATEGY_heap ? opening_heap_takes(name) : 0;
    return (int)(kind->abilities & ~takes);
}

int strategy_open(strategy *s, const char *name, const strategy_paths *paths,
                  strategy_error *error) {
    const struct kind *kind = find_kind(name);
    opening o = {s, NULL, paths, error};
    *s = (strategy){.name = name};
    if (!kind)
        return COMPLAIN(&o, "unknown strategy '%s'; see --list-strategies", name);
    o.rest = name + strlen(kind->name);
    s->kind = kind->kind;
    s->abilities = (unsigned)strategy_abilities(name);
    return kind->open(&o);
}

void strategy_print_list(void) {
    fputs("strategy\tprofile\tneeds\n"
          "heap:ENGINE\tsmoke\tengine\n"
          "heap:ENGINE+no_serialize\tquick\tengine\n"
          "heap:ENGINE+zero_memory\tnightly\tengine\n"
          "heap:ENGINE+max\tnightly\tengine\n"
          "heap:native+keep\tnightly\tengine\n"
          "heap:native+return\tnightly\tengine\n"
          "malloc:glibc\tsmoke\t-\n"
          "malloc:jemalloc\tquick\tpreload\n"
          "malloc:mimalloc\tquick\tpreload\n"
          "malloc:tcmalloc\tquick\tpreload\n"
          "mi_heap:direct\tquick\tloads:mimalloc\n"
          "arena:mmap\tquick\t-\n"
          "nop\tsmoke\t-\n"
          "floor\tquick\t-\n",
          stdout);
}
