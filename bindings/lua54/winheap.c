/*
 * Private heaps as garbage-collected objects: the Win32 heap API for Lua 5.4, as
 * bindings/luajit/winheap.lua has it for LuaJIT. docs/binding.md is the manual.
 */
#include "binding.h"

#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

static const struct {
    const char *name;
    lua_Integer value;
} constants[] = {
    {"HEAP_NO_SERIALIZE", HEAP_NO_SERIALIZE},
    {"HEAP_GENERATE_EXCEPTIONS", HEAP_GENERATE_EXCEPTIONS},
    {"HEAP_ZERO_MEMORY", HEAP_ZERO_MEMORY},
    {"HEAP_REALLOC_IN_PLACE_ONLY", HEAP_REALLOC_IN_PLACE_ONLY},
    {"HEAP_CREATE_ALIGN_16", HEAP_CREATE_ALIGN_16},
    {"HEAP_CREATE_ENABLE_TRACING", HEAP_CREATE_ENABLE_TRACING},
    {"ERROR_SUCCESS", ERROR_SUCCESS},
    {"ERROR_INVALID_HANDLE", ERROR_INVALID_HANDLE},
    {"ERROR_NOT_ENOUGH_MEMORY", ERROR_NOT_ENOUGH_MEMORY},
    {"ERROR_INVALID_PARAMETER", ERROR_INVALID_PARAMETER},
    {"ERROR_CALL_NOT_IMPLEMENTED", ERROR_CALL_NOT_IMPLEMENTED},
};

enum { CONSTANTS = sizeof constants / sizeof *constants };

/* winheap.GetProcessHeaps() -> an array of the handles of all live heaps of this process, others'
 * included: the process heap's first, the rest in order of creation */
static int process_heaps(lua_State *L) {
    struct engine *engine = &session_ready(L, "winheap.GetProcessHeaps")->engine;
    DWORD capacity = 0, count = engine->GetProcessHeaps(0, NULL);
    HANDLE *handles = NULL;
    while (count > capacity) { /* another thread may add some in between */
        capacity = count;
        handles = lua_newuserdatauv(L, capacity * sizeof *handles, 0);
        count = engine->GetProcessHeaps(capacity, handles);
    }
    lua_newtable(L);
    for (DWORD i = 0; i < count; i++) {
        lua_pushlightuserdata(L, handles[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* winheap.use(name): chooses the engine, before the first heap; otherwise WINHEAP_ENGINE or native
 * is taken then. Raises when it cannot be loaded or it is too late. */
static int use_engine(lua_State *L) {
    static const char method[] = "winheap.use";
    struct session *session = session_of(L);
    if (lua_type(L, 1) != LUA_TSTRING || lua_rawlen(L, 1) == 0)
        return args_misuse(L, method, "engine must be a name or a path");
    const char *path = engine_push_path(L, lua_tostring(L, 1));
    struct engine engine;
    const char *problem = engine_load(L, &engine, path);
    if (problem)
        return args_misuse(L, method, problem);
    if (session->heap_count > 0 && engine.library != session->engine.library)
        return args_misuse(L, method, "too late: heaps of another engine exist");
    session->engine = engine;
    return 0;
}

/* winheap.engine() -> the engine in use, as it calls itself: "NAME VERSION BUILDID" */
static int engine_name(lua_State *L) {
    lua_pushstring(L, session_ready(L, "winheap.engine")->engine.winheap_engine());
    return 1;
}

/* winheap.install(target): puts CreateHeap, GetProcessHeap and the HEAP_* constants into a table,
 * as in install(_G) -> the table */
static int install(lua_State *L) {
    if (!lua_istable(L, 1))
        return args_misuse(L, "winheap.install", "target must be a table");
    lua_settop(L, 1);
    for (size_t i = 0; i < CONSTANTS; i++) {
        if (strncmp(constants[i].name, "HEAP_", 5) == 0) {
            lua_pushinteger(L, constants[i].value);
            lua_setfield(L, 1, constants[i].name);
        }
    }
    lua_getiuservalue(L, lua_upvalueindex(UP_SESSION), SESSION_MODULE);
    lua_getfield(L, 2, "CreateHeap");
    lua_setfield(L, 1, "CreateHeap");
    lua_getfield(L, 2, "GetProcessHeap");
    lua_setfield(L, 1, "GetProcessHeap");
    lua_settop(L, 1);
    return 1;
}

static void set_count(lua_State *L, const char *name, size_t count) {
    args_push_size(L, count);
    lua_setfield(L, -2, name);
}

/* winheap.Stats() -> { heaps, blobs = live ones, bytes = the sum of their sizes, collections =
 * started by the binding, refused = releases the engine refused: not 0 means a damaged heap } */
static int stats(lua_State *L) {
    struct session *session = session_of(L);
    lua_createtable(L, 0, 5);
    set_count(L, "heaps", session->heap_count);
    set_count(L, "blobs", session->blob_count);
    set_count(L, "bytes", session->byte_count);
    set_count(L, "collections", session->collections);
    set_count(L, "refused", session->refused);
    return 1;
}

static const luaL_Reg functions[] = {
    {"CreateHeap", heap_create},
    {"GetProcessHeap", heap_process},
    {"GetProcessHeaps", process_heaps},
    {"use", use_engine},
    {"engines", engine_names},
    {"engine", engine_name},
    {"install", install},
    {"Stats", stats},
    {NULL, NULL},
};

static void push_module(lua_State *L) {
    lua_newtable(L);
    args_set_functions(L, functions);
    for (size_t i = 0; i < CONSTANTS; i++) {
        lua_pushinteger(L, constants[i].value);
        lua_setfield(L, -2, constants[i].name);
    }
    lua_pushliteral(L, "winheap 0.1.0");
    lua_setfield(L, -2, "_VERSION");
    raw_push(L);
    lua_setfield(L, -2, "raw");
}

EXPORT int luaopen_winheap(lua_State *L);

/* One session per state: a second require gives the same module. */
EXPORT int luaopen_winheap(lua_State *L) {
    luaL_checkversion(L);
    lua_settop(L, 0);
    if (session_push(L)) {
        lua_getiuservalue(L, 1, SESSION_MODULE);
        return 1;
    }
    session_new(L);
    lua_newtable(L); /* UP_HEAP_META */
    lua_newtable(L); /* UP_BLOB_META */
    lua_pushvalue(L, UP_HEAP_META);
    heap_fill_metatable(L);
    lua_pushvalue(L, UP_BLOB_META);
    blob_fill_metatable(L);
    push_module(L);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, UP_SESSION, SESSION_MODULE);
    return 1;
}
