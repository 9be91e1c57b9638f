#include "lua_state.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#define MAX ((size_t)8 << 20)

HANDLE lua_state_heap;
lua_State *lua_state_lua;

/* Strings, tables and closures that refer to one another, told as one text. */
static const char work[] =
    "local words, lengths = {}, {}\n"
    "for i = 1, 2000 do words[i] = ('%d:%s'):format(i, ('x'):rep(i % 100)) end\n"
    "for i = 1, 2000 do lengths[words[i]] = function() return #words[i] * i end end\n"
    "for i = 1, 2000 do words[i] = words[i] .. '=' .. lengths[words[i]]() end\n"
    "return table.concat(words, ' ')\n";

/* Twelve times the maximum, if nothing stops it. */
static const char hoard[] = "local hoard = {}\n"
                            "for i = 1, 100000 do hoard[i] = ('x'):rep(1000) .. i end\n";

static int run(lua_State *lua, const char *program) {
    int status = luaL_loadstring(lua, program);

    return status != 0 ? status : lua_pcall(lua, 0, 1, 0);
}

int lua_state_setup(void **state) {
    (void)state;
    lua_state_heap = HeapCreate(0, 0, MAX);
    lua_state_lua = lua_newstate(winheap_lua_alloc, lua_state_heap);
    if (lua_state_lua == NULL)
        return 1;
    luaL_openlibs(lua_state_lua);
    return 0;
}

int lua_state_teardown(void **state) {
    (void)state;
    lua_close(lua_state_lua);
    assert_true(HeapValidate(lua_state_heap, 0, NULL));
    assert_non_null(HeapAlloc(lua_state_heap, 0, MAX));
    assert_true(HeapDestroy(lua_state_heap));
    return 0;
}

void lua_state_assert_limit(void) {
    const char *message;

    assert_int_equal(run(lua_state_lua, hoard), LUA_ERRMEM);
    message = lua_tostring(lua_state_lua, -1);
    assert_non_null(message);
    assert_non_null(strstr(message, "not enough memory"));
    lua_settop(lua_state_lua, 0);
    assert_true(HeapValidate(lua_state_heap, 0, NULL));
}

void lua_state_assert_works(void) {
    lua_State *other = luaL_newstate();

    assert_non_null(other);
    luaL_openlibs(other);
    assert_int_equal(run(other, work), 0);
    assert_int_equal(run(lua_state_lua, work), 0);
    assert_string_equal(lua_tostring(lua_state_lua, -1), lua_tostring(other, -1));
    lua_settop(lua_state_lua, 0);
    lua_close(other);
}

/* What a block of max does not fit beside is not somewhere else. */
void lua_state_stands_in_the_heap(void **state) {
    void *heap = NULL;

    (void)state;
    assert_true(lua_getallocf(lua_state_lua, &heap) == winheap_lua_alloc);
    assert_ptr_equal(heap, lua_state_heap);
    assert_null(HeapAlloc(lua_state_heap, 0, MAX));
}

void lua_state_works_as_any_other(void **state) {
    (void)state;
    for (int round = 0; round < 20; round++)
        lua_state_assert_works();
    assert_true(HeapValidate(lua_state_heap, 0, NULL));
}
