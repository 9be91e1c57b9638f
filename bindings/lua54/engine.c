#include "engine.h"

#include <dlfcn.h>
#include <glob.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

struct symbol {
    const char *name;
    size_t offset;
};

#define ENGINE_SYMBOL(name) {#name, offsetof(struct engine, name)},

static const struct symbol symbols[] = {ENGINE_FUNCTIONS(ENGINE_SYMBOL)};

const char *engine_push_path(lua_State *L, const char *name) {
    const char *folder = getenv("WINHEAP_LIBDIR");
    if (strchr(name, '/'))
        return lua_pushstring(L, name);
    if (folder)
        return lua_pushfstring(L, "%s/libwinheap-%s.so", folder, name);
    return lua_pushfstring(L, "libwinheap-%s.so", name);
}

const char *engine_load(lua_State *L, struct engine *engine, const char *path) {
    struct engine loaded = {.library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)};
    if (!loaded.library)
        return lua_pushfstring(L, "cannot load engine: %s", dlerror());
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *address = dlsym(loaded.library, symbols[i].name);
        if (!address)
            return lua_pushfstring(L, "'%s' is no heap engine: it exports no %s", path,
                                   symbols[i].name);
        memcpy((char *)&loaded + symbols[i].offset, &address, sizeof address);
    }
    *engine = loaded;
    return NULL;
}

/* Adds the engines in a folder to the set (a table of names) at the top of the stack. */
static void add_names(lua_State *L, const char *folder) {
    glob_t found;
    const char *pattern = lua_pushfstring(L, "%s/libwinheap-*.so", folder);
    int result = glob(pattern, 0, NULL, &found);
    lua_pop(L, 1);
    if (result != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *name = strrchr(found.gl_pathv[i], '/') + sizeof "libwinheap-";
        lua_pushlstring(L, name, strlen(name) - strlen(".so"));
        lua_pushboolean(L, 1);
        lua_rawset(L, -3);
    }
    globfree(&found);
}

static void add_loader_folders(lua_State *L) {
    const char *folders = getenv("LD_LIBRARY_PATH");
    while (folders && *folders) {
        size_t length = strcspn(folders, ":");
        const char *folder = lua_pushlstring(L, folders, length);
        lua_insert(L, -2);
        if (length > 0)
            add_names(L, folder);
        lua_remove(L, -2);
        folders += length + (folders[length] == ':');
    }
    add_names(L, "/usr/local/lib");
    add_names(L, "/usr/lib");
}

/* Turns the set at the top of the stack into a sorted array. */
static void sort_names(lua_State *L) {
    int set = lua_gettop(L), count = 0;
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, set); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        lua_rawseti(L, set + 1, ++count);
    }
    for (int i = 2; i <= count; i++) { /* a handful: insertion */
        for (int j = i; j > 1; j--) {
            lua_rawgeti(L, set + 1, j - 1);
            lua_rawgeti(L, set + 1, j);
            if (lua_compare(L, -2, -1, LUA_OPLT)) {
                lua_pop(L, 2);
                break;
            }
            lua_rawseti(L, set + 1, j - 1);
            lua_rawseti(L, set + 1, j);
        }
    }
}

int engine_names(lua_State *L) {
    const char *folder = getenv("WINHEAP_LIBDIR");
    lua_newtable(L);
    if (folder)
        add_names(L, folder);
    else
        add_loader_folders(L);
    sort_names(L);
    return 1;
}
