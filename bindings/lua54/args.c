#include <math.h>

#include "binding.h"

static const char *message_of(DWORD code) {
    switch (code) {
    case ERROR_SUCCESS:
        return "the engine gives no reason";
    case ERROR_INVALID_HANDLE:
        return "invalid handle";
    case ERROR_NOT_ENOUGH_MEMORY:
        return "not enough memory";
    case ERROR_INVALID_PARAMETER:
        return "invalid parameter";
    case ERROR_CALL_NOT_IMPLEMENTED:
        return "the engine cannot do this";
    default:
        return NULL;
    }
}

int args_misuse(lua_State *L, const char *method, const char *problem) {
    return luaL_error(L, "%s: %s", method, problem);
}

int args_failure(lua_State *L, const char *method, DWORD code, bool raises) {
    const char *message = message_of(code);
    if (!message)
        message = lua_pushfstring(L, "error %I", (lua_Integer)code);
    if (raises)
        return args_misuse(L, method, message);
    lua_pushnil(L);
    lua_pushfstring(L, "%s: %s", method, message);
    lua_pushinteger(L, code);
    return 3;
}

/* Whether the value is a number that is an integer from 0 to SIZE_MAX. */
static bool to_size(lua_State *L, int index, size_t *size) {
    if (lua_isinteger(L, index)) {
        *size = (size_t)lua_tointeger(L, index);
        return lua_tointeger(L, index) >= 0;
    }
    if (lua_type(L, index) != LUA_TNUMBER)
        return false;
    lua_Number number = lua_tonumber(L, index);
    if (!(number >= 0 && number < 0x1p64 && floor(number) == number))
        return false;
    *size = (size_t)number;
    return true;
}

size_t args_size(lua_State *L, int index, const char *method, const char *what) {
    size_t size = 0;
    if (!to_size(L, index, &size))
        luaL_error(L, "%s: %s must be a non-negative integer", method, what);
    return size;
}

size_t args_optional_size(lua_State *L, int index, const char *method, const char *what,
                          size_t otherwise) {
    return lua_isnoneornil(L, index) ? otherwise : args_size(L, index, method, what);
}

DWORD args_flags(lua_State *L, int index, const char *method, const char *what) {
    size_t flags = 0;
    if (lua_isnoneornil(L, index))
        return 0;
    if (!to_size(L, index, &flags) || flags > UINT32_MAX)
        luaL_error(L, "%s: %s must be an integer of 32 bits", method, what);
    return (DWORD)flags;
}

static void *object(lua_State *L, int index, int metatable) {
    void *pointer = lua_touserdata(L, index);
    if (!pointer || !lua_getmetatable(L, index))
        return NULL;
    bool same = lua_rawequal(L, -1, lua_upvalueindex(metatable));
    lua_pop(L, 1);
    return same ? pointer : NULL;
}

struct heap *args_heap(lua_State *L, int index, const char *method) {
    struct heap *heap = object(L, index, UP_HEAP_META);
    if (!heap)
        luaL_error(L, "%s: expected a heap, got %s", method, luaL_typename(L, index));
    return heap;
}

struct blob *args_blob(lua_State *L, int index, const char *method) {
    struct blob *blob = object(L, index, UP_BLOB_META);
    if (!blob)
        luaL_error(L, "%s: expected a blob, got %s", method, luaL_typename(L, index));
    return blob;
}

bool args_is_blob(lua_State *L, int index) {
    return object(L, index, UP_BLOB_META) != NULL;
}

void args_push_size(lua_State *L, size_t size) {
    if (size <= LUA_MAXINTEGER)
        lua_pushinteger(L, (lua_Integer)size);
    else
        lua_pushnumber(L, (lua_Number)size);
}

void args_push_pointer(lua_State *L, const void *pointer) {
    if (pointer)
        lua_pushlightuserdata(L, (void *)pointer);
    else
        lua_pushnil(L);
}

/* The metamethod __index: a method, or what the property function (an upvalue) pushes. */
static int index_object(lua_State *L) {
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(UP_METHODS)) != LUA_TNIL)
        return 1;
    lua_CFunction property = lua_tocfunction(L, lua_upvalueindex(UP_PROPERTY));
    return lua_type(L, 2) == LUA_TSTRING ? property(L) : 0;
}

void args_set_functions(lua_State *L, const luaL_Reg *functions) {
    for (int i = 1; i <= UP_COUNT; i++)
        lua_pushvalue(L, i);
    luaL_setfuncs(L, functions, UP_COUNT);
}

void args_fill_metatable(lua_State *L, const char *name, const luaL_Reg *methods,
                         const luaL_Reg *metamethods, lua_CFunction property) {
    args_set_functions(L, metamethods);
    for (int i = 1; i <= UP_COUNT; i++)
        lua_pushvalue(L, i);
    lua_newtable(L);
    args_set_functions(L, methods);
    lua_pushcfunction(L, property);
    lua_pushcclosure(L, index_object, UP_PROPERTY);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__metatable");
}
