/*
 * heaplab_userdata: memory as a C module hands it to Lua, built once for Lua 5.4 and once for
 * LuaJIT. It provides what the benchmarks compare the heaps with:
 *
 *   inline(n)      a userdata whose payload is the memory itself: the collector owns it all
 *   malloc(n)      a userdata that points to malloc'ed memory; a C __gc frees it
 *   floor(n)       the same userdata without finalizer or memory: the least a handle can cost
 *
 * and the two ways of touching memory that every strategy shares, as Lua functions and, for
 * LuaJIT's FFI, as the C functions heaplab_touch_page and heaplab_touch_all.
 */
#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define METATABLE lua_upvalueindex(1)
#define PAGE_SIZE 4096
#define SCRATCH_SIZE (1024 * 1024)
#define PUBLIC __attribute__((visibility("default")))

typedef struct {
    void *data;
    size_t size;
} block;

/* What `nop` and `floor` point to: as large as the largest benchmarked size, never freed. */
static char scratch[SCRATCH_SIZE];

/* Writes the first byte of each 4 KiB of the `size` bytes at `data`. */
PUBLIC void heaplab_touch_page(void *data, size_t size);
/* Writes each of the `size` bytes at `data`. */
PUBLIC void heaplab_touch_all(void *data, size_t size);

PUBLIC int luaopen_heaplab_userdata(lua_State *L);

void heaplab_touch_page(void *data, size_t size) {
    volatile char *bytes = data;
    for (size_t offset = 0; offset < size; offset += PAGE_SIZE)
        bytes[offset] = 1;
}

void heaplab_touch_all(void *data, size_t size) {
    memset(data, 1, size);
    /* The memory may die unread: the compiler must not conclude that nobody sees the write. */
    __asm__ volatile("" : : "r"(data) : "memory");
}

/* A userdata without user values: Lua 5.4's lua_newuserdata would add one that nobody uses. */
static void *userdata_new(lua_State *L, size_t size) {
#if LUA_VERSION_NUM >= 504
    return lua_newuserdatauv(L, size, 0);
#else
    return lua_newuserdata(L, size);
#endif
}

static size_t userdata_size(lua_State *L, int index) {
#if LUA_VERSION_NUM >= 502
    return (size_t)lua_rawlen(L, index);
#else
    return lua_objlen(L, index);
#endif
}

static size_t check_size(lua_State *L, int index) {
    lua_Integer size = luaL_checkinteger(L, index);
    luaL_argcheck(L, size >= 0, index, "a size cannot be negative");
    return (size_t)size;
}

/* Any userdata: a full one stands for its payload, a light one for the address it is. */
static void *check_address(lua_State *L, int index) {
    void *data = lua_touserdata(L, index);
    luaL_argcheck(L, data != NULL, index, "userdata expected");
    return data;
}

/* The metatable is each function's upvalue, which is found faster than by name in the registry. */
static block *check_block(lua_State *L, int index) {
    void *data = lua_touserdata(L, index);
    int is_block = data && lua_getmetatable(L, index) && lua_rawequal(L, -1, METATABLE);
    luaL_argcheck(L, is_block, index, "a userdata of malloc() expected");
    lua_pop(L, 1);
    return data;
}

static int touch_page(lua_State *L) {
    heaplab_touch_page(check_address(L, 1), check_size(L, 2));
    return 0;
}

static int touch_all(lua_State *L) {
    heaplab_touch_all(check_address(L, 1), check_size(L, 2));
    return 0;
}

static int inline_new(lua_State *L) {
    userdata_new(L, check_size(L, 1));
    return 1;
}

/* inline_realloc(userdata, n): a larger or smaller copy; the collector takes the old one. */
static int inline_realloc(lua_State *L) {
    void *old = check_address(L, 1);
    size_t size = check_size(L, 2), old_size = userdata_size(L, 1);
    memcpy(userdata_new(L, size), old, size < old_size ? size : old_size);
    return 1;
}

static int out_of_memory(lua_State *L, size_t size) {
    return luaL_error(L, "malloc has no %d KiB", (int)(size / 1024));
}

/* The userdata comes first: if it cannot be made, there is no memory yet to lose. */
static int block_new(lua_State *L) {
    size_t size = check_size(L, 1);
    block *b = userdata_new(L, sizeof *b);
    b->data = NULL;
    b->size = size;
    lua_pushvalue(L, METATABLE);
    lua_setmetatable(L, -2);
    b->data = malloc(size);
    return b->data ? 1 : out_of_memory(L, size);
}

/* The metatable is never handed out, so that only blocks get here. */
static int block_gc(lua_State *L) {
    block *b = lua_touserdata(L, 1);
    free(b->data);
    return 0;
}

/* Releases the memory now; the finalizer finds nothing left to do. */
static int block_free(lua_State *L) {
    block *b = check_block(L, 1);
    free(b->data);
    b->data = NULL;
    return 0;
}

static int block_realloc(lua_State *L) {
    block *b = check_block(L, 1);
    size_t size = check_size(L, 2);
    void *data = realloc(b->data, size);
    if (!data)
        return out_of_memory(L, size);
    b->data = data;
    b->size = size;
    return 0;
}

static int block_data(lua_State *L) {
    lua_pushlightuserdata(L, check_block(L, 1)->data);
    return 1;
}

static int floor_new(lua_State *L) {
    size_t size = check_size(L, 1);
    luaL_argcheck(L, size <= SCRATCH_SIZE, 1, "larger than the scratch memory");
    block *b = userdata_new(L, sizeof *b);
    b->data = scratch;
    b->size = size;
    return 1;
}

/* raw_malloc(n), raw_free(pointer): light userdata for a pool that a Lua program keeps itself. */
static int raw_malloc(lua_State *L) {
    size_t size = check_size(L, 1);
    void *data = malloc(size);
    if (!data)
        return out_of_memory(L, size);
    lua_pushlightuserdata(L, data);
    return 1;
}

static int raw_free(lua_State *L) {
    luaL_checktype(L, 1, LUA_TLIGHTUSERDATA);
    free(lua_touserdata(L, 1));
    return 0;
}

static const luaL_Reg functions[] = {
    {"inline", inline_new},     {"inline_realloc", inline_realloc}, {"malloc", block_new},
    {"free", block_free},       {"realloc", block_realloc},         {"data", block_data},
    {"floor", floor_new},       {"raw_malloc", raw_malloc},         {"raw_free", raw_free},
    {"touch_page", touch_page}, {"touch_all", touch_all},           {NULL, NULL},
};

int luaopen_heaplab_userdata(lua_State *L) {
    lua_newtable(L);
    lua_newtable(L);
    lua_pushcfunction(L, block_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    luaL_setfuncs(L, functions, 1);
    lua_pushlightuserdata(L, scratch);
    lua_setfield(L, -2, "scratch");
    return 1;
}
