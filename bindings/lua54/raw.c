/*
 * winheap.raw: the functions of the ABI, uncollected. Pointers are lightuserdata, NULL is nil, BOOL
 * a boolean; HeapSize's failure is nil.
 */
#include "binding.h"

#include <stdlib.h>

static struct engine *engine_of(lua_State *L) {
    return &session_ready(L, "winheap.raw")->engine;
}

static void *pointer(lua_State *L, int index, const char *method) {
    if (!lua_isnoneornil(L, index) && !lua_islightuserdata(L, index))
        luaL_error(L, "%s: argument %d must be a pointer", method, index);
    return lua_touserdata(L, index);
}

static int raw_heap_create(lua_State *L) {
    static const char method[] = "winheap.raw.HeapCreate";
    DWORD options = args_flags(L, 1, method, "options");
    size_t initial = args_size(L, 2, method, "initial size");
    size_t maximum = args_size(L, 3, method, "maximum size");
    args_push_pointer(L, engine_of(L)->HeapCreate(options, initial, maximum));
    return 1;
}

static int raw_heap_destroy(lua_State *L) {
    HANDLE heap = pointer(L, 1, "winheap.raw.HeapDestroy");
    lua_pushboolean(L, engine_of(L)->HeapDestroy(heap));
    return 1;
}

static int raw_heap_alloc(lua_State *L) {
    static const char method[] = "winheap.raw.HeapAlloc";
    HANDLE heap = pointer(L, 1, method);
    DWORD flags = args_flags(L, 2, method, "flags");
    size_t size = args_size(L, 3, method, "size");
    args_push_pointer(L, engine_of(L)->HeapAlloc(heap, flags, size));
    return 1;
}

static int raw_heap_realloc(lua_State *L) {
    static const char method[] = "winheap.raw.HeapReAlloc";
    HANDLE heap = pointer(L, 1, method);
    DWORD flags = args_flags(L, 2, method, "flags");
    void *block = pointer(L, 3, method);
    size_t size = args_size(L, 4, method, "size");
    args_push_pointer(L, engine_of(L)->HeapReAlloc(heap, flags, block, size));
    return 1;
}

static int raw_heap_free(lua_State *L) {
    static const char method[] = "winheap.raw.HeapFree";
    HANDLE heap = pointer(L, 1, method);
    DWORD flags = args_flags(L, 2, method, "flags");
    lua_pushboolean(L, engine_of(L)->HeapFree(heap, flags, pointer(L, 3, method)));
    return 1;
}

static int raw_heap_size(lua_State *L) {
    static const char method[] = "winheap.raw.HeapSize";
    HANDLE heap = pointer(L, 1, method);
    DWORD flags = args_flags(L, 2, method, "flags");
    SIZE_T size = engine_of(L)->HeapSize(heap, flags, pointer(L, 3, method));
    if (size == (SIZE_T)-1)
        lua_pushnil(L);
    else
        args_push_size(L, size);
    return 1;
}

static int raw_heap_validate(lua_State *L) {
    static const char method[] = "winheap.raw.HeapValidate";
    HANDLE heap = pointer(L, 1, method);
    DWORD flags = args_flags(L, 2, method, "flags");
    lua_pushboolean(L, engine_of(L)->HeapValidate(heap, flags, pointer(L, 3, method)));
    return 1;
}

static int raw_get_process_heap(lua_State *L) {
    args_push_pointer(L, engine_of(L)->GetProcessHeap());
    return 1;
}

static int raw_get_last_error(lua_State *L) {
    lua_pushinteger(L, engine_of(L)->GetLastError());
    return 1;
}

static int raw_set_last_error(lua_State *L) {
    engine_of(L)->SetLastError(args_flags(L, 1, "winheap.raw.SetLastError", "code"));
    return 0;
}

static int raw_winheap_version(lua_State *L) {
    lua_pushstring(L, engine_of(L)->winheap_version());
    return 1;
}

static int raw_winheap_engine(lua_State *L) {
    lua_pushstring(L, engine_of(L)->winheap_engine());
    return 1;
}

static const luaL_Reg functions[] = {
    {"HeapCreate", raw_heap_create},
    {"HeapDestroy", raw_heap_destroy},
    {"HeapAlloc", raw_heap_alloc},
    {"HeapReAlloc", raw_heap_realloc},
    {"HeapFree", raw_heap_free},
    {"HeapSize", raw_heap_size},
    {"HeapValidate", raw_heap_validate},
    {"GetProcessHeap", raw_get_process_heap},
    {"GetLastError", raw_get_last_error},
    {"SetLastError", raw_set_last_error},
    {"winheap_version", raw_winheap_version},
    {"winheap_engine", raw_winheap_engine},
    {NULL, NULL},
};

void raw_push(lua_State *L) {
    lua_newtable(L);
    args_set_functions(L, functions);
}
