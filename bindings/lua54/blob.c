/*
 * Blobs: one block of a heap each, as an object that the collector releases.
 */
#include "binding.h"

#include <string.h>

static const char dead[] = "the blob was freed or its heap destroyed";

struct blob *blob_push(lua_State *L, int heap_index) {
    struct blob *blob = lua_newuserdatauv(L, sizeof *blob, 1);
    *blob = (struct blob){.heap = NULL};
    lua_pushvalue(L, heap_index);
    lua_setiuservalue(L, -2, 1);
    lua_pushvalue(L, lua_upvalueindex(UP_BLOB_META));
    lua_setmetatable(L, -2);
    return blob;
}

void blob_own(struct blob *blob, struct heap *heap, void *data, size_t bytes) {
    *blob = (struct blob){.heap = heap, .data = data, .size = bytes};
    heap_charge(heap, bytes);
}

struct blob *blob_live(lua_State *L, int index, const char *method) {
    struct blob *blob = args_blob(L, index, method);
    if (!blob_is_live(blob))
        args_misuse(L, method, dead);
    return blob;
}

unsigned char *blob_range(lua_State *L, const struct blob *blob, const char *method,
                          int offset_index, int n_index, size_t *count) {
    size_t offset = args_optional_size(L, offset_index, method, "offset", 0);
    if (offset > blob->size)
        args_misuse(L, method, "offset is past the end");
    *count = args_optional_size(L, n_index, method, "length", blob->size - offset);
    if (*count > blob->size - offset)
        args_misuse(L, method, "range is past the end");
    return (unsigned char *)blob->data + offset;
}

/* Releases the block and the hold on the heap. Idempotent. FALSE if the engine refused. */
static BOOL release(struct blob *blob) {
    struct heap *heap = blob->heap;
    blob->heap = NULL;
    if (!heap || !heap->handle)
        return TRUE;
    BOOL freed = heap->session->engine.HeapFree(heap->handle, 0, blob->data);
    if (!freed)
        heap->session->refused++;
    heap_discharge(heap, blob->size);
    return freed;
}

/* A released blob does not keep its heap object. */
static void let_heap_go(lua_State *L, int index) {
    lua_pushnil(L);
    lua_setiuservalue(L, index, 1);
}

static int blob_gc(lua_State *L) {
    release(args_blob(L, 1, "Blob:__gc"));
    return 0;
}

/* Blob:Size(): in bytes, exactly as last asked for */
static int blob_size(lua_State *L) {
    args_push_size(L, blob_live(L, 1, "Blob:Size")->size);
    return 1;
}

/* Blob:IsValid(): false after Free, Detach and the heap's Destroy */
static int blob_is_valid(lua_State *L) {
    lua_pushboolean(L, blob_is_live(args_blob(L, 1, "Blob:IsValid")));
    return 1;
}

/* Changes the size and counts it; the blob is as it was when that fails. */
static bool resize(struct blob *blob, DWORD flags, size_t bytes) {
    struct heap *heap = blob->heap;
    struct engine *engine = &heap->session->engine;
    void *moved = engine->HeapReAlloc(heap->handle, flags, blob->data, bytes);
    if (!moved)
        return false;
    heap->bytes = heap->bytes - blob->size + bytes;
    heap->session->byte_count = heap->session->byte_count - blob->size + bytes;
    blob->data = moved;
    blob->size = bytes;
    return true;
}

/* Whether the dead blobs, once collected, made room for what has just failed. */
static bool resize_again(lua_State *L, struct session *session, DWORD flags, size_t bytes) {
    if (session->engine.GetLastError() != ERROR_NOT_ENOUGH_MEMORY ||
        (flags & HEAP_REALLOC_IN_PLACE_ONLY))
        return false;
    session_collect(L, session);
    return resize(blob_live(L, 1, "Blob:ReAlloc"), flags, bytes);
}

/* Blob:ReAlloc(bytes, flags=0) -> true; or nil, message, code, with the blob as it was */
static int blob_realloc(lua_State *L) {
    static const char method[] = "Blob:ReAlloc";
    struct blob *blob = blob_live(L, 1, method);
    struct session *session = blob->heap->session;
    size_t bytes = args_size(L, 2, method, "size");
    DWORD flags = args_flags(L, 3, method, "flags");
    bool raises = args_raises(flags | blob->heap->options);
    session_pace(L, session, bytes > blob->size ? bytes - blob->size : 0);
    blob_live(L, 1, method); /* again: the pace may have run finalizers */
    if (!resize(blob, args_engine_flags(flags), bytes) &&
        !resize_again(L, session, args_engine_flags(flags), bytes))
        return args_failure(L, method, session->engine.GetLastError(), raises);
    lua_pushboolean(L, 1);
    return 1;
}

/* Blob:Free(): returns the memory now; harmless when that has already happened -> true; or nil,
 * message, code if the engine refused it (the blob is dead all the same) */
static int blob_free(lua_State *L) {
    struct blob *blob = args_blob(L, 1, "Blob:Free");
    struct session *session = session_of(L);
    let_heap_go(L, 1);
    if (!release(blob))
        return args_failure(L, "Blob:Free", session->engine.GetLastError(), false);
    lua_pushboolean(L, 1);
    return 1;
}

/* Blob:Detach() -> the pointer, which the caller frees now; its heap object must outlive it */
static int blob_detach(lua_State *L) {
    struct blob *blob = blob_live(L, 1, "Blob:Detach");
    struct heap *heap = blob->heap;
    args_push_pointer(L, blob->data);
    blob->heap = NULL;
    heap_discharge(heap, blob->size);
    let_heap_go(L, 1);
    return 1;
}

/* Blob:Keep(): keeps the blob alive up to this call */
static int blob_keep(lua_State *L) {
    args_blob(L, 1, "Blob:Keep");
    return 0;
}

static int blob_tostring(lua_State *L) {
    struct blob *blob = args_blob(L, 1, "Blob:__tostring");
    if (blob_is_live(blob))
        lua_pushfstring(L, "HeapBlob: %I bytes at %p", (lua_Integer)blob->size, blob->data);
    else
        lua_pushliteral(L, "HeapBlob: dead");
    return 1;
}

/* The fields: Data (lightuserdata), Heap (the heap object). */
static int blob_property(lua_State *L) {
    const char *key = lua_tostring(L, 2);
    if (strcmp(key, "Data") == 0)
        args_push_pointer(L, blob_live(L, 1, "Blob.Data")->data);
    else if (strcmp(key, "Heap") == 0 && blob_live(L, 1, "Blob.Heap"))
        lua_getiuservalue(L, 1, 1);
    else
        lua_pushnil(L);
    return 1;
}

static const luaL_Reg methods[] = {
    {"Size", blob_size},  {"IsValid", blob_is_valid},    {"ReAlloc", blob_realloc},
    {"Free", blob_free},  {"Detach", blob_detach},       {"Fill", bytes_fill},
    {"Copy", bytes_copy}, {"Read", bytes_read},          {"Write", bytes_write},
    {"Keep", blob_keep},  {"ToString", bytes_to_string}, {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", blob_gc}, {"__close", blob_free}, {"__len", blob_size}, {"__tostring", blob_tostring},
    {NULL, NULL},
};

void blob_fill_metatable(lua_State *L) {
    args_fill_metatable(L, "HeapBlob", methods, metamethods, blob_property);
}
