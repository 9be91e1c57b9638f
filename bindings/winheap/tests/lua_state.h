/*
 * A whole Lua state in a heap with a maximum, for either VM: lua_state.c is compiled against the
 * lua.h of the program that it is part of, since both VMs have the same names.
 */
#ifndef WINHEAP_TESTS_LUA_STATE_H
#define WINHEAP_TESTS_LUA_STATE_H

#include "engine.h"

#include <lua.h>

extern HANDLE lua_state_heap;
extern lua_State *lua_state_lua;

/* A heap with a maximum and a state with its libraries in it. */
int lua_state_setup(void **state);

/* Closes the state and destroys the heap, which must be empty then: it serves a block of max. */
int lua_state_teardown(void **state);

/* Runs a program into the maximum and asserts the error that Lua's manual promises. */
void lua_state_assert_limit(void);

/* Runs a program and asserts the text that it returns in a state with the VM's own allocator. */
void lua_state_assert_works(void);

/* Shared tests. */
void lua_state_stands_in_the_heap(void **state);
void lua_state_works_as_any_other(void **state);

#endif
