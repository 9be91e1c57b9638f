/* heap:ENGINE[+option]…: a private heap of an engine library. */
#include "strategy_open.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define GENEROUS_MAX ((SIZE_T)256 << 20) /* seldom reached: what is measured is the check */

static const struct heap_option {
    const char *name;
    DWORD option;
    SIZE_T max;
    enum strategy_retention retention;
    unsigned takes; /* abilities that a heap with the option lacks */
} heap_options[] = {
    {"no_serialize", HEAP_NO_SERIALIZE, 0, RETENTION_DEFAULT, STRATEGY_SHARED | STRATEGY_REMOTE},
    {"zero_memory", HEAP_ZERO_MEMORY, 0, RETENTION_DEFAULT, 0},
    {"max", 0, GENEROUS_MAX, RETENTION_DEFAULT, STRATEGY_UNLIMITED},
    {"keep", 0, 0, RETENTION_ALL, 0},
    {"return", 0, 0, RETENTION_NONE, 0},
};

static const struct heap_option *find_option(const char *text, size_t length) {
    for (size_t i = 0; i < sizeof heap_options / sizeof heap_options[0]; i++)
        if (strlen(heap_options[i].name) == length &&
            memcmp(heap_options[i].name, text, length) == 0)
            return &heap_options[i];
    return NULL;
}

unsigned opening_heap_takes(const char *name) {
    unsigned takes = 0;
    for (const char *p = strchr(name, '+'); p; p = strchr(p + 1, '+')) {
        const struct heap_option *option = find_option(p + 1, strcspn(p + 1, "+"));
        takes |= option ? option->takes : 0;
    }
    return takes;
}

static int add_option(const opening *o, const char *text, size_t length) {
    const struct heap_option *option = find_option(text, length);
    if (!option)
        return COMPLAIN(o,
                        "%s: unknown heap option '%.*s'; known: no_serialize zero_memory "
                        "max keep return",
                        o->s->name, (int)length, text);
    o->s->heap.options |= option->option;
    if (option->max)
        o->s->heap.max = option->max;
    if (option->retention != RETENTION_DEFAULT)
        o->s->heap.retention = option->retention;
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

/* An engine may lack HeapCompact: strategy_compact then says so. */
static void load_compact(strategy_heap *heap, void *library) {
    void *address = dlsym(library, "HeapCompact");
    memcpy(&heap->compact, &address, sizeof address);
}

static int load_engine(const opening *o, void *library) {
    strategy_heap *heap = &o->s->heap;
    load_compact(heap, library);
    return opening_load(o, library, "HeapAlloc", &heap->alloc) ||
                   opening_load(o, library, "HeapReAlloc", &heap->realloc) ||
                   opening_load(o, library, "HeapFree", &heap->free) ||
                   opening_load(o, library, "HeapCreate", &heap->create) ||
                   opening_load(o, library, "HeapDestroy", &heap->destroy) ||
                   opening_load(o, library, "winheap_engine", &heap->engine)
               ? -1
               : 0;
}

static int set_retained(const opening *o, void *library) {
    SIZE_T (*set)(SIZE_T bytes);
    if (o->s->heap.retention == RETENTION_DEFAULT)
        return 0;
    if (opening_load(o, library, "winheap_set_retained", &set) != 0)
        return -1;
    set(o->s->heap.retention == RETENTION_ALL ? SIZE_MAX : 0);
    return 0;
}

int opening_heap(const opening *o) {
    char file[4096];
    strategy_heap *heap = &o->s->heap;
    if (add_options(o, o->rest + strcspn(o->rest, "+")) != 0 ||
        engine_file(o, file, sizeof file) != 0)
        return -1;
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return COMPLAIN(o, "%s: %s", o->s->name, dlerror());
    if (load_engine(o, library) != 0 || set_retained(o, library) != 0)
        return -1;
    heap->handle = heap->create(heap->options, 0, heap->max);
    if (!heap->handle)
        return COMPLAIN(o, "%s: HeapCreate failed in %s", o->s->name, file);
    opening_prove_engine(heap->engine(), (const void *)(uintptr_t)heap->alloc);
    return 0;
}
