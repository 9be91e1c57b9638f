/* winheap_lua_alloc under LuaJIT, whose GC64 build takes an allocator: a whole state in a heap. */
#include "lua_state.h"

/* LuaJIT raises the error without a collection: the host collects before it goes on. */
static void after_the_limit_and_a_collection_the_state_goes_on(void **state) {
    (void)state;
    for (int round = 0; round < 10; round++) {
        lua_state_assert_limit();
        lua_gc(lua_state_lua, LUA_GCCOLLECT, 0);
        lua_state_assert_works();
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lua_state_setup, lua_state_teardown)
ENGINE_TESTS(luajit, TEST(lua_state_stands_in_the_heap), TEST(lua_state_works_as_any_other),
             TEST(after_the_limit_and_a_collection_the_state_goes_on))
