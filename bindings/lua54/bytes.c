/*
 * The methods that read and write a blob's memory. Read and Write use the VM's own string.pack and
 * string.unpack.
 */
#include "binding.h"

#include <string.h>

/* Blob:Fill(byte=0, n=all, offset=0) -> the blob */
int bytes_fill(lua_State *L) {
    static const char method[] = "Blob:Fill";
    struct blob *blob = blob_live(L, 1, method);
    size_t count, byte = args_optional_size(L, 2, method, "byte", 0);
    if (byte > 255)
        return args_misuse(L, method, "byte must be 0 to 255");
    unsigned char *to = blob_range(L, blob, method, 4, 3, &count);
    memset(to, (int)byte, count);
    lua_settop(L, 1);
    return 1;
}

/* The source of Copy, and how many bytes there are: SIZE_MAX behind a bare pointer. */
static const void *copy_source(lua_State *L, const char *method, size_t *available) {
    *available = SIZE_MAX;
    if (lua_type(L, 2) == LUA_TSTRING)
        return lua_tolstring(L, 2, available);
    if (lua_islightuserdata(L, 2) && lua_touserdata(L, 2) != NULL)
        return lua_touserdata(L, 2);
    if (!args_is_blob(L, 2))
        args_misuse(L, method, "source must be a string, a blob or a pointer");
    const struct blob *source = blob_live(L, 2, method);
    *available = source->size;
    return source->data;
}

/* Blob:Copy(source, n=all of it, offset=0) -> the blob; source: a string, a blob, or a pointer,
 * which needs n. Source and target may overlap. */
int bytes_copy(lua_State *L) {
    static const char method[] = "Blob:Copy";
    struct blob *blob = blob_live(L, 1, method);
    size_t count, available;
    lua_settop(L, 4);
    const void *source = copy_source(L, method, &available);
    if (lua_isnil(L, 3) && available != SIZE_MAX) {
        args_push_size(L, available);
        lua_replace(L, 3);
    }
    if (args_size(L, 3, method, "length") > available)
        return args_misuse(L, method, "length is past the end of the source");
    unsigned char *to = blob_range(L, blob, method, 4, 3, &count);
    memmove(to, source, count);
    lua_settop(L, 1);
    return 1;
}

/* Blob:ToString(offset=0, n=the rest) */
int bytes_to_string(lua_State *L) {
    static const char method[] = "Blob:ToString";
    size_t count;
    const unsigned char *from = blob_range(L, blob_live(L, 1, method), method, 2, 3, &count);
    lua_pushlstring(L, (const char *)from, count);
    return 1;
}

static void check_format(lua_State *L, const char *method) {
    if (lua_type(L, 2) != LUA_TSTRING)
        args_misuse(L, method, "format must be a string");
}

/* Calls the function below its arguments; an error gets the method's name. */
static void call_packer(lua_State *L, const char *method, int arguments, int results) {
    if (lua_pcall(L, arguments, results, 0) != LUA_OK)
        args_misuse(L, method, lua_tostring(L, -1));
}

/* Blob:Write(format, offset=0, ...): all values or none -> the offset behind the last */
int bytes_write(lua_State *L) {
    static const char method[] = "Blob:Write";
    size_t length, room;
    blob_live(L, 1, method);
    check_format(L, method);
    if (lua_gettop(L) < 3)
        lua_settop(L, 3); /* the values start behind the offset, though there is none */
    lua_getiuservalue(L, lua_upvalueindex(UP_SESSION), SESSION_PACK);
    lua_pushvalue(L, 2);
    lua_rotate(L, 4, 2);
    call_packer(L, method, lua_gettop(L) - 4, 1);
    const char *bytes = lua_tolstring(L, -1, &length);
    lua_pushnil(L);                              /* no count: the rest */
    struct blob *blob = blob_live(L, 1, method); /* again: packing may have run finalizers */
    unsigned char *to = blob_range(L, blob, method, 3, lua_gettop(L), &room);
    if (length > room)
        return args_misuse(L, method, "range is past the end");
    memcpy(to, bytes, length);
    args_push_size(L, (size_t)(to - (unsigned char *)blob->data) + length);
    return 1;
}

/* How many bytes to unpack from at first, more than 0: what the format takes, or a guess where the
 * values say. */
static size_t first_window(lua_State *L) {
    size_t window = 64;
    lua_getiuservalue(L, lua_upvalueindex(UP_SESSION), SESSION_PACKSIZE);
    lua_pushvalue(L, 2);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK)
        window = (size_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
    return window > 0 ? window : 1;
}

/* Unpacks from the window's bytes; pushes the values, or the error. */
static int unpack_window(lua_State *L, const unsigned char *from, size_t window) {
    lua_getiuservalue(L, lua_upvalueindex(UP_SESSION), SESSION_UNPACK);
    lua_pushvalue(L, 2);
    lua_pushlstring(L, (const char *)from, window);
    return lua_pcall(L, 2, LUA_MULTRET, 0);
}

/* Blob:Read(format, offset=0) -> the values and the offset behind the last; alignment counts from
 * the offset. Where only the values tell how long they are ("z", "s"), unpacking is tried on twice
 * as much until it succeeds or there is no more. */
int bytes_read(lua_State *L) {
    static const char method[] = "Blob:Read";
    blob_live(L, 1, method);
    check_format(L, method);
    for (size_t rest, window = first_window(L);; window *= 2) {
        lua_settop(L, 3);
        struct blob *blob = blob_live(L, 1, method); /* a finalizer may have freed it */
        const unsigned char *from = blob_range(L, blob, method, 3, 4, &rest);
        size_t offset = (size_t)(from - (const unsigned char *)blob->data);
        if (unpack_window(L, from, window < rest ? window : rest) == LUA_OK) {
            size_t used = (size_t)lua_tointeger(L, -1) - 1;
            lua_pop(L, 1);
            args_push_size(L, offset + used);
            return lua_gettop(L) - 3;
        }
        if (window >= rest)
            return args_misuse(L, method, lua_tostring(L, -1));
    }
}
