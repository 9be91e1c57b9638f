/*
 * The Lua module `gbench`: gbench.h for LuaJIT and Lua 5.4, from one source. docs/gbench.md shows
 * it in use.
 *
 * A Lua function runs in a protected call below libbenchmark's C++ frames: its error becomes the
 * run's error and never jumps over them. Nothing between those frames and the protected call
 * allocates in Lua, for that could raise too.
 */
#define _GNU_SOURCE
#include "gbench.h"
#include "provenance.h"

#include <dlfcn.h>
#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#if LUA_VERSION_NUM < 502
#define lua_rawlen lua_objlen
#endif

#define STATE_TYPE "gbench.state"
#define MODULE_TYPE "gbench.module"

/* One per Lua state: upvalue 1 of every function of the module. */
typedef struct module {
    lua_State *L;         /* the one that called run(), during it; callbacks run on it */
    gbench_state **state; /* in the state object that callbacks get; NULL outside of them */
    int state_ref;        /* that object */
    int handler_ref;      /* the message handler */
    struct lua_case *cases;
} module;

/* A registered benchmark: what its callbacks are, as references into the registry. */
typedef struct lua_case {
    struct lua_case *next;
    module *module;
    int self, fn, setup, teardown;
} lua_case;

static module *module_of(lua_State *L) {
    return lua_touserdata(L, lua_upvalueindex(1));
}

static int check(lua_State *L, int code) {
    return code < 0 ? luaL_error(L, "%s", gbench_error()) : code;
}

/* ---- the state object ---- */

static gbench_state *check_state(lua_State *L) {
    gbench_state *state = *(gbench_state **)luaL_checkudata(L, 1, STATE_TYPE);
    if (!state)
        luaL_error(L, "the state is valid only inside its benchmark function");
    return state;
}

static int64_t check_integer(lua_State *L, int index) {
    lua_Number n = luaL_checknumber(L, index);
    luaL_argcheck(L, n == floor(n) && fabs(n) <= 9007199254740992.0, index, "integer expected");
    return (int64_t)n;
}

static int state_keep_running(lua_State *L) {
    lua_pushboolean(L, gbench_keep_running(check_state(L)));
    return 1;
}

static int state_keep_running_batch(lua_State *L) {
    lua_pushboolean(L, gbench_keep_running_batch(check_state(L), check_integer(L, 2)));
    return 1;
}

static int state_pause(lua_State *L) {
    check(L, gbench_pause(check_state(L)));
    return 0;
}

static int state_resume(lua_State *L) {
    check(L, gbench_resume(check_state(L)));
    return 0;
}

static int state_range(lua_State *L) {
    int64_t index = lua_isnoneornil(L, 2) ? 0 : check_integer(L, 2), value;
    luaL_argcheck(L, index >= 0, 2, "arguments count from 0");
    check(L, gbench_range(check_state(L), (size_t)index, &value));
    lua_pushinteger(L, (lua_Integer)value);
    return 1;
}

static unsigned check_kind(lua_State *L, int index) {
    static const char *const names[] = {"value",
                                        "rate",
                                        "avg_threads",
                                        "avg_threads_rate",
                                        "avg_iterations",
                                        "iterations_rate",
                                        "iteration_invariant",
                                        "iteration_invariant_rate",
                                        "inverse_rate",
                                        NULL};
    static const unsigned kinds[] = {GBENCH_VALUE,
                                     GBENCH_RATE,
                                     GBENCH_AVG_THREADS,
                                     GBENCH_AVG_THREADS | GBENCH_RATE,
                                     GBENCH_AVG_ITERATIONS,
                                     GBENCH_AVG_ITERATIONS | GBENCH_RATE,
                                     GBENCH_ITERATION_INVARIANT,
                                     GBENCH_ITERATION_INVARIANT | GBENCH_RATE,
                                     GBENCH_INVERSE | GBENCH_RATE};
    return kinds[luaL_checkoption(L, index, "value", names)];
}

static int state_counter(lua_State *L) {
    gbench_state *state = check_state(L);
    const char *name = luaL_checkstring(L, 2);
    check(L, gbench_counter(state, name, luaL_checknumber(L, 3), check_kind(L, 4)));
    return 0;
}

static int state_bytes(lua_State *L) {
    check(L, gbench_bytes(check_state(L), check_integer(L, 2)));
    return 0;
}

static int state_items(lua_State *L) {
    check(L, gbench_items(check_state(L), check_integer(L, 2)));
    return 0;
}

static int state_label(lua_State *L) {
    check(L, gbench_label(check_state(L), luaL_checkstring(L, 2)));
    return 0;
}

static int state_skip(lua_State *L) {
    check(L, gbench_skip(check_state(L), luaL_checkstring(L, 2)));
    return 0;
}

static int state_set_iteration_time(lua_State *L) {
    check(L, gbench_set_iteration_time(check_state(L), luaL_checknumber(L, 2)));
    return 0;
}

static int state_iterations(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)gbench_iterations(check_state(L)));
    return 1;
}

static int state_max_iterations(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)gbench_max_iterations(check_state(L)));
    return 1;
}

static const luaL_Reg state_methods[] = {
    {"keep_running", state_keep_running},
    {"keep_running_batch", state_keep_running_batch},
    {"pause", state_pause},
    {"resume", state_resume},
    {"range", state_range},
    {"counter", state_counter},
    {"bytes", state_bytes},
    {"items", state_items},
    {"label", state_label},
    {"skip", state_skip},
    {"set_iteration_time", state_set_iteration_time},
    {"iterations", state_iterations},
    {"max_iterations", state_max_iterations},
    {NULL, NULL},
};

/* ---- callbacks ---- */

/* Prints the traceback, which no JSON field has room for, and returns the message as a string. */
static int handle_error(lua_State *L) {
    if (!lua_isstring(L, 1) && !luaL_callmeta(L, 1, "__tostring"))
        lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
    luaL_traceback(L, L, lua_tostring(L, -1), 1);
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_pop(L, 1);
    return 1;
}

/* run() has made room on the stack; lua_rawgeti and lua_settop cannot raise. */
static void call_lua(gbench_state *state, module *m, int function) {
    lua_State *L = m->L;
    if (!L) {
        gbench_skip(state, "registered by a Lua state that does not run it");
        return;
    }
    int top = lua_gettop(L);
    *m->state = state;
    lua_rawgeti(L, LUA_REGISTRYINDEX, m->handler_ref);
    lua_rawgeti(L, LUA_REGISTRYINDEX, function);
    lua_rawgeti(L, LUA_REGISTRYINDEX, m->state_ref);
    if (lua_pcall(L, 1, 0, top + 1) != 0) {
        const char *message = lua_tostring(L, -1);
        gbench_skip(state, message && *message ? message : "an error without a message");
    }
    *m->state = NULL;
    lua_settop(L, top);
}

static void call_function(gbench_state *state, void *data) {
    const lua_case *c = data;
    call_lua(state, c->module, c->fn);
}

static void call_setup(gbench_state *state, void *data) {
    const lua_case *c = data;
    call_lua(state, c->module, c->setup);
}

static void call_teardown(gbench_state *state, void *data) {
    const lua_case *c = data;
    call_lua(state, c->module, c->teardown);
}

/* ---- register ---- */

/* The field at index 1 is on the stack's top after this; whether it is there. */
static int field(lua_State *L, const char *name) {
    lua_getfield(L, 1, name);
    if (!lua_isnil(L, -1))
        return 1;
    lua_pop(L, 1);
    return 0;
}

static int64_t integer_at_top(lua_State *L, const char *name) {
    lua_Number n = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || n != floor(n) || fabs(n) > 9007199254740992.0)
        luaL_error(L, "register: %s must be an integer", name);
    lua_pop(L, 1);
    return (int64_t)n;
}

static int small_integer_at_top(lua_State *L, const char *name) {
    int64_t n = integer_at_top(L, name);
    if (n < 0 || n > 1000000)
        luaL_error(L, "register: %s is out of range", name);
    return (int)n;
}

static int flag(lua_State *L, const char *name) {
    lua_getfield(L, 1, name);
    int set = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return set;
}

static int function_ref(lua_State *L, const char *name) {
    if (!field(L, name))
        return LUA_NOREF;
    if (!lua_isfunction(L, -1))
        luaL_error(L, "register: %s must be a function", name);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

#define MOST_ARGS 16

/* The integers of the table on top of the stack, which is popped. */
static size_t integers_at_top(lua_State *L, const char *name, int64_t values[MOST_ARGS]) {
    if (!lua_istable(L, -1))
        luaL_error(L, "register: %s must be a table", name);
    size_t count = lua_rawlen(L, -1);
    if (count == 0 || count > MOST_ARGS)
        luaL_error(L, "register: %s must hold 1 to %d integers", name, MOST_ARGS);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (int)i + 1);
        values[i] = integer_at_top(L, name);
    }
    lua_pop(L, 1);
    return count;
}

/* args = {8, 64} is one instance per number; args = {{8, 1}, {64, 2}} one per table. */
static void configure_args(lua_State *L, gbench_benchmark *b) {
    if (!lua_istable(L, -1))
        luaL_error(L, "register: args must be a table");
    int64_t values[MOST_ARGS];
    size_t count = lua_rawlen(L, -1);
    for (size_t i = 1; i <= count; i++) {
        size_t width = 1;
        lua_rawgeti(L, -1, (int)i);
        if (lua_istable(L, -1))
            width = integers_at_top(L, "args", values);
        else
            values[0] = integer_at_top(L, "args");
        check(L, gbench_args(b, values, width));
    }
    lua_pop(L, 1);
}

static void configure_range(lua_State *L, gbench_benchmark *b) {
    int64_t bounds[MOST_ARGS];
    if (integers_at_top(L, "range", bounds) != 3 || bounds[2] > 1000000)
        luaL_error(L, "register: range must be {low, high, multiplier}");
    check(L, gbench_add_range(b, bounds[0], bounds[1], (int)bounds[2]));
}

static void configure_arg_names(lua_State *L, gbench_benchmark *b) {
    const char *names[MOST_ARGS];
    size_t count = lua_istable(L, -1) ? lua_rawlen(L, -1) : 0;
    if (count == 0 || count > MOST_ARGS)
        luaL_error(L, "register: arg_names must hold 1 to %d strings", MOST_ARGS);
    luaL_checkstack(L, MOST_ARGS, "arg_names");
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1 - (int)i, (int)i + 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "register: arg_names must hold strings");
        names[i] = lua_tostring(L, -1);
    }
    check(L, gbench_arg_names(b, names, count));
    lua_pop(L, (int)count + 1);
}

static void configure_length(lua_State *L, gbench_benchmark *b) {
    if (field(L, "iterations"))
        check(L, gbench_fixed_iterations(b, integer_at_top(L, "iterations")));
    if (field(L, "min_time")) {
        check(L, gbench_min_time(b, lua_tonumber(L, -1)));
        lua_pop(L, 1);
    }
    if (field(L, "repetitions"))
        check(L, gbench_repetitions(b, small_integer_at_top(L, "repetitions")));
    if (field(L, "threads") && small_integer_at_top(L, "threads") != 1)
        luaL_error(L, "register: threads must be 1: a Lua state runs on one thread");
}

static void configure_time(lua_State *L, gbench_benchmark *b) {
    if (flag(L, "manual_time"))
        check(L, gbench_manual_time(b));
    if (flag(L, "real_time"))
        check(L, gbench_real_time(b));
    if (field(L, "unit")) {
        check(L, gbench_unit(b, lua_tostring(L, -1)));
        lua_pop(L, 1);
    }
}

static void configure_callbacks(lua_State *L, lua_case *c, gbench_benchmark *b) {
    c->fn = function_ref(L, "fn");
    c->setup = function_ref(L, "setup");
    c->teardown = function_ref(L, "teardown");
    if (c->fn == LUA_NOREF)
        luaL_error(L, "register: fn must be a function");
    if (c->setup != LUA_NOREF)
        check(L, gbench_setup(b, call_setup));
    if (c->teardown != LUA_NOREF)
        check(L, gbench_teardown(b, call_teardown));
}

/* A misspelt field would otherwise be a setting that silently does nothing. */
static void refuse_unknown_fields(lua_State *L) {
    static const char known[] =
        " key fn iterations min_time repetitions args range arg_names threads"
        " manual_time real_time unit setup teardown ";
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "register: every field has a name");
        const char *word = lua_pushfstring(L, " %s ", lua_tostring(L, -2));
        if (!strstr(known, word))
            luaL_error(L, "register: unknown field '%s'", lua_tostring(L, -3));
        lua_pop(L, 1);
    }
}

/* Arguments: the description, the case, the benchmark. */
static int configure(lua_State *L) {
    lua_case *c = lua_touserdata(L, 2);
    gbench_benchmark *b = lua_touserdata(L, 3);
    refuse_unknown_fields(L);
    configure_callbacks(L, c, b);
    configure_length(L, b);
    configure_time(L, b);
    if (field(L, "arg_names"))
        configure_arg_names(L, b);
    if (field(L, "args"))
        configure_args(L, b);
    if (field(L, "range"))
        configure_range(L, b);
    return 0;
}

static void release_case(lua_State *L, const lua_case *c) {
    luaL_unref(L, LUA_REGISTRYINDEX, c->fn);
    luaL_unref(L, LUA_REGISTRYINDEX, c->setup);
    luaL_unref(L, LUA_REGISTRYINDEX, c->teardown);
    luaL_unref(L, LUA_REGISTRYINDEX, c->self);
}

/* register{ key = …, fn = …, … }; see docs/gbench.md. */
static int gbench_lua_register(lua_State *L) {
    gbench_benchmark *b;
    module *m = module_of(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_getfield(L, 1, "key");
    if (lua_type(L, -1) != LUA_TSTRING)
        return luaL_error(L, "register: key must be a string");
    lua_pushcfunction(L, configure);
    lua_pushvalue(L, 1);
    lua_case *c = lua_newuserdata(L, sizeof *c);
    *c = (lua_case){m->cases, m, LUA_NOREF, LUA_NOREF, LUA_NOREF, LUA_NOREF};
    lua_pushvalue(L, -1);
    c->self = luaL_ref(L, LUA_REGISTRYINDEX);
    check(L, gbench_register(lua_tostring(L, 2), call_function, c, &b));
    lua_pushlightuserdata(L, b);
    if (lua_pcall(L, 3, 0, 0) != 0) {
        gbench_withdraw(b);
        release_case(L, c);
        return lua_error(L);
    }
    m->cases = c;
    return 0;
}

/* ---- the process ---- */

static int gbench_lua_context(lua_State *L) {
    check(L, gbench_context(luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
    return 0;
}

/* nil and a message, as the functions that meet the outside world return it. */
static int failure(lua_State *L, const char *message) {
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

/* initialize(arguments): the arguments that google-benchmark does not know; or nil, message. */
static int gbench_lua_initialize(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    int argc = (int)lua_rawlen(L, 1) + 1;
    luaL_checkstack(L, argc + 4, "initialize");
    char **argv = lua_newuserdata(L, ((size_t)argc + 1) * sizeof *argv);
    static char program[] = "lua";
    argv[0] = program;
    for (int i = 1; i < argc; i++) {
        lua_rawgeti(L, 1, i);
        /* google-benchmark reorders the pointers and does not write to the texts. */
        argv[i] = (char *)(uintptr_t)luaL_checkstring(L, -1);
    }
    argv[argc] = NULL;
    if (gbench_initialize(&argc, argv) < 0)
        return failure(L, gbench_error());
    lua_createtable(L, argc - 1, 0);
    for (int i = 1; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i);
    }
    return 1;
}

/* Lua 5.4's release number stands only in a text of its library; LuaJIT says jit.version. */
static void push_vm_version(lua_State *L) {
    lua_getglobal(L, "jit");
    if (lua_istable(L, -1)) {
        lua_getfield(L, -1, "version");
        if (lua_isstring(L, -1))
            return;
    }
    static const char prefix[] = "$LuaVersion: ";
    const char *ident = dlsym(RTLD_DEFAULT, "lua_ident");
    const char *end = ident ? strstr(ident, "  ") : NULL;
    if (end && strncmp(ident, prefix, sizeof prefix - 1) == 0)
        lua_pushlstring(L, ident + sizeof prefix - 1, (size_t)(end - ident) - (sizeof prefix - 1));
    else
        lua_getglobal(L, "_VERSION");
}

/* After the first run the context stands already; the virtual machine is still the same. */
static void add_vm_context(lua_State *L) {
    gbench_library library;
    push_vm_version(L);
    if (lua_isstring(L, -1))
        gbench_context("heaplab_vm", lua_tostring(L, -1));
    if (gbench_library_of_symbol("lua_newstate", &library) == 0) {
        gbench_context("heaplab_vm_path", library.path);
        gbench_context("heaplab_vm_build_id", library.build_id);
    }
    lua_settop(L, 0);
}

/* run(): how many benchmarks ran; or nil, message. */
static int gbench_lua_run(lua_State *L) {
    module *m = module_of(L);
    luaL_checkstack(L, 8, "run");
    add_vm_context(L);
    if (*m->state)
        return failure(L, "run: called inside a benchmark");
    m->L = L;
    int64_t count = gbench_run();
    m->L = NULL;
    if (count < 0)
        return failure(L, gbench_error());
    lua_pushinteger(L, (lua_Integer)count);
    return 1;
}

static void shut_down(lua_State *L, module *m) {
    gbench_shutdown();
    for (const lua_case *c = m->cases; c;) {
        const lua_case *next = c->next;
        release_case(L, c);
        c = next;
    }
    m->cases = NULL;
}

static int gbench_lua_shutdown(lua_State *L) {
    module *m = module_of(L);
    if (*m->state)
        return luaL_error(L, "shutdown: called inside a benchmark");
    shut_down(L, m);
    return 0;
}

/* The registrations of a closing state must not outlive its functions. */
static int module_gc(lua_State *L) {
    module *m = lua_touserdata(L, 1);
    if (m->cases)
        shut_down(L, m);
    return 0;
}

/* library_of(symbol): path and build id of the library that serves it; or nil, message. */
static int gbench_lua_library_of(lua_State *L) {
    gbench_library library;
    const char *symbol = luaL_checkstring(L, 1);
    if (gbench_library_of_symbol(symbol, &library) != 0)
        return failure(L, lua_pushfstring(L, "library_of: nothing here serves '%s'", symbol));
    lua_pushstring(L, library.path);
    lua_pushstring(L, library.build_id);
    return 2;
}

static const luaL_Reg functions[] = {
    {"register", gbench_lua_register},
    {"context", gbench_lua_context},
    {"initialize", gbench_lua_initialize},
    {"run", gbench_lua_run},
    {"shutdown", gbench_lua_shutdown},
    {"library_of", gbench_lua_library_of},
    {NULL, NULL},
};

static void create_state_type(lua_State *L) {
    luaL_newmetatable(L, STATE_TYPE);
    lua_newtable(L);
    luaL_setfuncs(L, state_methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

/* Leaves the module's userdata on the stack. */
static void create_module(lua_State *L) {
    module *m = lua_newuserdata(L, sizeof *m);
    *m = (module){0};
    luaL_newmetatable(L, MODULE_TYPE);
    lua_pushcfunction(L, module_gc);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    m->state = lua_newuserdata(L, sizeof(gbench_state *));
    *m->state = NULL;
    luaL_getmetatable(L, STATE_TYPE);
    lua_setmetatable(L, -2);
    m->state_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushcfunction(L, handle_error);
    m->handler_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

GBENCH_API int luaopen_gbench(lua_State *L);

int luaopen_gbench(lua_State *L) {
    create_state_type(L);
    lua_newtable(L);
    create_module(L);
    luaL_setfuncs(L, functions, 1);
    return 1;
}
