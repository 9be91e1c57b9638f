/* Loading an engine, and its name from its file's. */
#include "engine.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void engine_path(char *path, size_t capacity, const char *name_or_path) {
    const char *folder = getenv("WINHEAP_LIBDIR");
    if (strchr(name_or_path, '/')) {
        snprintf(path, capacity, "%s", name_or_path);
    } else if (folder) {
        snprintf(path, capacity, "%s/libwinheap-%s.so", folder, name_or_path);
    } else {
        snprintf(path, capacity, "libwinheap-%s.so", name_or_path);
    }
}

static void engine_name(struct engine *engine, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    if (strncmp(file, "libwinheap-", 11) == 0) {
        file += 11;
    }
    snprintf(engine->name, sizeof engine->name, "%.*s", (int)strcspn(file, "."), file);
}

bool engine_open(struct engine *engine, const char *name_or_path) {
    char path[4096];
    engine_path(path, sizeof path, name_or_path);
    engine_name(engine, path);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s: engine not loaded: %s\n", program_invocation_short_name, dlerror());
        return false;
    }
#define ENGINE_RESOLVE(function)                                                                   \
    *(void **)&engine->function = dlsym(library, #function);                                       \
    if (!engine->function) {                                                                       \
        fprintf(stderr, "%s: %s does not export " #function "\n", program_invocation_short_name,   \
                path);                                                                             \
        return false;                                                                              \
    }
    ENGINE_FUNCTIONS(ENGINE_RESOLVE)
#undef ENGINE_RESOLVE
#define ENGINE_LOOK(function) *(void **)&engine->function = dlsym(library, #function);
    ENGINE_OPTIONAL_FUNCTIONS(ENGINE_LOOK)
#undef ENGINE_LOOK
    return true;
}
