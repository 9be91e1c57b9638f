/*
 * Read before each file by clang-tidy: Lua's error functions do not come back. Their declarations,
 * which return int so that one can write `return luaL_error(...)`, do not say so.
 */
#ifdef __cplusplus
extern "C" {
#endif
struct lua_State;
int lua_error(struct lua_State *L) __attribute__((analyzer_noreturn));
int luaL_error(struct lua_State *L, const char *fmt, ...) __attribute__((analyzer_noreturn));
int luaL_argerror(struct lua_State *L, int arg, const char *msg) __attribute__((analyzer_noreturn));
#ifdef __cplusplus
}
#endif
