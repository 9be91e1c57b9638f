/* winheap_lua_alloc under Lua 5.4: a whole state in a heap with a maximum. */
#include "lua_state.h"

/* Lua collects before it raises the error: what the failed program held is no burden after it. */
static void after_the_limit_the_state_goes_on(void **state) {
    (void)state;
    for (int round = 0; round < 10; round++) {
        lua_state_assert_limit();
        lua_state_assert_works();
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lua_state_setup, lua_state_teardown)
ENGINE_TESTS(lua54, TEST(lua_state_stands_in_the_heap), TEST(lua_state_works_as_any_other),
             TEST(after_the_limit_the_state_goes_on))
