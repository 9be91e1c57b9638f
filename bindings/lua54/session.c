#include "binding.h"

#include <stdlib.h>

/* Native bytes that may be allocated between two collections, at least. */
#define PACE_FLOOR ((size_t)64 << 20)

#define DEFAULT_ENGINE "native"

static const char session_key; /* the registry holds the session by its address */

/*
 * The session's finalizer. It runs at lua_close only, and as the oldest of the module's after all
 * others, so it meets what their finalizers left over or made anew: objects that will not be
 * finalized any more.
 */
static int session_close(lua_State *L) {
    struct session *session = lua_touserdata(L, 1);
    session->closing = true;
    while (session->heaps)
        heap_end(session->heaps);
    return 0;
}

static void keep_packer(lua_State *L, int session, const char *name, int slot) {
    if (lua_getfield(L, -1, name) != LUA_TFUNCTION)
        luaL_error(L, "winheap: string.%s is missing", name);
    lua_setiuservalue(L, session, slot);
}

/* Keeps string.pack and its kin, which Read and Write are made of. */
static void keep_packers(lua_State *L) {
    int session = lua_gettop(L);
    lua_pushliteral(L, "");
    if (luaL_getmetafield(L, -1, "__index") != LUA_TTABLE)
        luaL_error(L, "winheap: the string library is missing");
    keep_packer(L, session, "pack", SESSION_PACK);
    keep_packer(L, session, "unpack", SESSION_UNPACK);
    keep_packer(L, session, "packsize", SESSION_PACKSIZE);
    lua_settop(L, session);
}

bool session_push(lua_State *L) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &session_key) == LUA_TUSERDATA)
        return true;
    lua_pop(L, 1);
    return false;
}

struct session *session_new(lua_State *L) {
    struct session *session = lua_newuserdatauv(L, sizeof *session, SESSION_VALUES);
    *session = (struct session){.pace_limit = PACE_FLOOR};
    keep_packers(L);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, session_close);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &session_key);
    return session;
}

static void load_engine(lua_State *L, struct session *session, const char *method) {
    const char *name = getenv("WINHEAP_ENGINE");
    const char *path = engine_push_path(L, name ? name : DEFAULT_ENGINE);
    const char *problem = engine_load(L, &session->engine, path);
    if (problem)
        args_misuse(L, method, problem);
    lua_pop(L, 1);
}

struct session *session_ready(lua_State *L, const char *method) {
    struct session *session = session_of(L);
    if (session->closing)
        args_misuse(L, method, "the Lua state is closing");
    if (!session->engine.library)
        load_engine(L, session, method);
    return session;
}

static size_t lua_bytes(lua_State *L) {
    return ((size_t)lua_gc(L, LUA_GCCOUNT) << 10) + (size_t)lua_gc(L, LUA_GCCOUNTB);
}

static size_t max_size(size_t a, size_t b) {
    return a > b ? a : b;
}

void session_collect(lua_State *L, struct session *session) {
    lua_gc(L, LUA_GCCOLLECT);
    session->collections++;
    session->unpaced = 0;
    session->pace_limit = max_size(PACE_FLOOR, max_size(session->byte_count, lua_bytes(L)));
}

/*
 * The collector does not see native bytes: 64 KiB behind a userdata of 56 would pile up by the
 * gigabyte. So it runs when as many were allocated since the last time as there are live ones, or
 * Lua's own, or 64 MiB, whichever is most: dead blobs never hold much more than live ones, and the
 * collector's work stays proportional to the allocations.
 */
void session_pace(lua_State *L, struct session *session, size_t bytes) {
    session->unpaced += bytes < SIZE_MAX - session->unpaced ? bytes : 0;
    if (session->unpaced <= session->pace_limit)
        return;
    session->unpaced = 0;
    if (lua_gc(L, LUA_GCISRUNNING)) /* not if the program stopped it, nor in a finalizer */
        session_collect(L, session);
}
