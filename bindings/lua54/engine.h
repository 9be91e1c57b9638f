/*
 * The engine: which library the heaps come from, and its functions.
 */
#ifndef WINHEAP_LUA54_ENGINE_H
#define WINHEAP_LUA54_ENGINE_H

#include <lua.h>
#include <winheap/heapapi.h>

#define ENGINE_FUNCTIONS(FUNCTION)                                                                 \
    FUNCTION(HeapCreate)                                                                           \
    FUNCTION(HeapDestroy)                                                                          \
    FUNCTION(HeapAlloc)                                                                            \
    FUNCTION(HeapReAlloc)                                                                          \
    FUNCTION(HeapFree)                                                                             \
    FUNCTION(HeapSize)                                                                             \
    FUNCTION(HeapValidate)                                                                         \
    FUNCTION(GetProcessHeap)                                                                       \
    FUNCTION(GetProcessHeaps)                                                                      \
    FUNCTION(GetLastError)                                                                         \
    FUNCTION(SetLastError)                                                                         \
    FUNCTION(winheap_version)                                                                      \
    FUNCTION(winheap_engine)

#define ENGINE_POINTER(name) __typeof__(name) *(name);

/* A loaded engine: one pointer per function of the ABI, under its name. */
struct engine {
    void *library;
    ENGINE_FUNCTIONS(ENGINE_POINTER)
};

/*
 * Pushes the file an engine's name stands for: a path if it has a slash in it, else
 * libwinheap-NAME.so in $WINHEAP_LIBDIR or where the loader looks.
 */
const char *engine_push_path(lua_State *L, const char *name);

/*
 * Loads a library. Returns NULL, or why that failed (static storage, or pushed on the stack). It is
 * never unloaded: an allocator has work to do when a thread ends.
 */
const char *engine_load(lua_State *L, struct engine *engine, const char *path);

/* winheap.engines. */
int engine_names(lua_State *L);

#endif
