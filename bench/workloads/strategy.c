#include "strategy.h"

#include <gbench.h>
#include <provenance.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned char strategy_buffer[STRATEGY_BUFFER_SIZE];

/* What strategy_open has been asked for, and where its complaint goes. */
typedef struct opening {
    strategy *s;
    const char *rest; /* the name behind its kind */
    const strategy_paths *paths;
    strategy_error *error;
} opening;

#define COMPLAIN(o, ...) (snprintf((o)->error->text, sizeof(o)->error->text, __VA_ARGS__), -1)

/* ---- libraries ---- */

/* Stores the symbol's address in *function, a pointer to a function pointer of whatever type. */
static int load(const opening *o, void *library, const char *symbol, void *function) {
    void *address = dlsym(library, symbol);
    memcpy(function, &address, sizeof address);
    return address ? 0 : COMPLAIN(o, "%s: the library has no %s", o->s->name, symbol);
}

/* Proves in the output which engine's library serves this function. */
static void add_engine_context(const char *engine, const void *function) {
    gbench_library library;
    gbench_context("heaplab_engine", engine);
    if (gbench_library_of_address(function, &library) == 0) {
        gbench_context("heaplab_engine_path", library.path);
        gbench_context("heaplab_engine_build_id", library.build_id);
    }
}

/* ---- heap:ENGINE[+option] ---- */

#define GENEROUS_MAX ((SIZE_T)256 << 20) /* never reached: what is measured is the check */

static int add_option(const opening *o, const char *option, size_t length) {
    strategy_heap *heap = &o->s->heap;
    if (length == 12 && memcmp(option, "no_serialize", length) == 0)
        heap->options |= HEAP_NO_SERIALIZE;
    else if (length == 11 && memcmp(option, "zero_memory", length) == 0)
        heap->options |= HEAP_ZERO_MEMORY;
    else if (length == 3 && memcmp(option, "max", length) == 0)
        heap->max = GENEROUS_MAX;
    else
        return COMPLAIN(o, "%s: unknown heap option '%.*s'; known: no_serialize zero_memory max",
                        o->s->name, (int)length, option);
    return 0;
}

static int add_options(const opening *o, const char *text) {
    while (*text == '+') {
        size_t length = strcspn(text + 1, "+");
        if (add_option(o, text + 1, length) != 0)
            return -1;
        text += 1 + length;
    }
    return 0;
}

/* The file to load: --engine, else libwinheap-NAME.so in $WINHEAP_LIBDIR or where the loader looks.
 */
static int engine_file(const opening *o, char *file, size_t capacity) {
    int length = (int)strcspn(o->rest, "+");
    const char *folder = getenv("WINHEAP_LIBDIR");
    int written;
    if (length == 0)
        return COMPLAIN(o, "%s: the engine's name is missing", o->s->name);
    if (o->paths->engine)
        written = snprintf(file, capacity, "%s", o->paths->engine);
    else if (folder && *folder)
        written = snprintf(file, capacity, "%s/libwinheap-%.*s.so", folder, length, o->rest);
    else
        written = snprintf(file, capacity, "libwinheap-%.*s.so", length, o->rest);
    return (size_t)written < capacity ? 0 : COMPLAIN(o, "%s: the path is too long", o->s->name);
}

static int load_engine(const opening *o, void *library) {
    strategy_heap *heap = &o->s->heap;
    return load(o, library, "HeapAlloc", &heap->alloc) ||
                   load(o, library, "HeapReAlloc", &heap->realloc) ||
                   load(o, library, "HeapFree", &heap->free) ||
                   load(o, library, "HeapCreate", &heap->create) ||
                   load(o, library, "HeapDestroy", &heap->destroy) ||
                   load(o, library, "winheap_engine", &heap->engine)
               ? -1
               : 0;
}

static int open_heap(const opening *o) {
    char file[4096];
    strategy_heap *heap = &o->s->heap;
    if (add_options(o, o->rest + strcspn(o->rest, "+")) != 0 ||
        engine_file(o, file, sizeof file) != 0)
        return -1;
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return COMPLAIN(o, "%s: %s", o->s->name, dlerror());
    if (load_engine(o, library) != 0)
        return -1;
    heap->handle = heap->create(heap->options, 0, heap->max);
    if (!heap->handle)
        return COMPLAIN(o, "%s: HeapCreate failed in %s", o->s->name, file);
    add_engine_context(heap->engine(), (const void *)(uintptr_t)heap->alloc);
    return 0;
}

/* ---- malloc:NAME ---- */

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

static int open_malloc(const opening *o) {
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
    return 0;
}

/* ---- mi_heap:direct ---- */

static int open_mi_heap(const opening *o) {
    char engine[64];
    strategy_mi_heap *mi = &o->s->mi_heap;
    void *library = dlopen("libmimalloc.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return COMPLAIN(o, "%s: %s", o->s->name, dlerror());
    if (load(o, library, "mi_heap_malloc", &mi->alloc) ||
        load(o, library, "mi_heap_zalloc", &mi->zalloc) ||
        load(o, library, "mi_heap_realloc", &mi->realloc) ||
        load(o, library, "mi_free", &mi->free) || load(o, library, "mi_heap_new", &mi->create) ||
        load(o, library, "mi_heap_destroy", &mi->destroy) ||
        load(o, library, "mi_version", &mi->version))
        return -1;
    mi->handle = mi->create();
    if (!mi->handle)
        return COMPLAIN(o, "%s: mi_heap_new failed", o->s->name);
    snprintf(engine, sizeof engine, "mi_heap %d", mi->version());
    add_engine_context(engine, (const void *)(uintptr_t)mi->alloc);
    return 0;
}

/* ---- nop and floor ---- */

static int open_nop(const opening *o) {
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

/* A name ending in ':' is a prefix. nop and floor pretend to everything but memory. */
static const struct kind {
    const char *name;
    strategy_kind kind;
    unsigned abilities;
    int (*open)(const opening *);
} kinds[] = {
    {"heap:", STRATEGY_heap, STRATEGY_IN_PLACE | STRATEGY_REGIONS | STRATEGY_MEMORY, open_heap},
    {"malloc:", STRATEGY_malloc, STRATEGY_MEMORY, open_malloc},
    {"mi_heap:direct", STRATEGY_mi_heap, STRATEGY_REGIONS | STRATEGY_MEMORY, open_mi_heap},
    {"nop", STRATEGY_nop, STRATEGY_IN_PLACE | STRATEGY_REGIONS, open_nop},
    {"floor", STRATEGY_floor, STRATEGY_IN_PLACE | STRATEGY_REGIONS, open_floor},
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
    return kind ? (int)kind->abilities : -1;
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
    s->abilities = kind->abilities;
    return kind->open(&o);
}

void strategy_print_list(void) {
    fputs("strategy\tprofile\tneeds\n"
          "heap:ENGINE\tsmoke\tengine\n"
          "heap:ENGINE+no_serialize\tquick\tengine\n"
          "heap:ENGINE+zero_memory\tnightly\tengine\n"
          "heap:ENGINE+max\tnightly\tengine\n"
          "malloc:glibc\tsmoke\t-\n"
          "malloc:jemalloc\tquick\tpreload\n"
          "malloc:mimalloc\tquick\tpreload\n"
          "malloc:tcmalloc\tquick\tpreload\n"
          "mi_heap:direct\tquick\tloads:mimalloc\n"
          "nop\tsmoke\t-\n"
          "floor\tquick\t-\n",
          stdout);
}
