/*
 * Heaps: a private heap as an object; its blobs keep the memory, the object need not be kept.
 */
#include "binding.h"

#include <string.h>

#define HEAP_COST ((size_t)65536) /* what a heap takes at least, beside its blobs */

static const char destroyed[] = "the heap was destroyed";

static void link_heap(struct session *session, struct heap *heap) {
    heap->next = session->heaps;
    if (heap->next)
        heap->next->previous = heap;
    session->heaps = heap;
    session->heap_count++;
}

static void unlink_heap(struct session *session, struct heap *heap) {
    if (heap->next)
        heap->next->previous = heap->previous;
    if (heap->previous)
        heap->previous->next = heap->next;
    else
        session->heaps = heap->next;
    session->heap_count--;
}

BOOL heap_end(struct heap *heap) {
    struct session *session = heap->session;
    HANDLE handle = heap->handle;
    heap->handle = NULL;
    unlink_heap(session, heap);
    session->blob_count -= heap->blobs;
    session->byte_count -= heap->bytes;
    return heap->permanent || session->engine.HeapDestroy(handle);
}

static void release(struct heap *heap) {
    if (--heap->refs == 0 && heap->handle && !heap_end(heap))
        heap->session->refused++;
}

void heap_charge(struct heap *heap, size_t bytes) {
    heap->refs++;
    heap->blobs++;
    heap->bytes += bytes;
    heap->session->blob_count++;
    heap->session->byte_count += bytes;
}

void heap_discharge(struct heap *heap, size_t bytes) {
    heap->blobs--;
    heap->bytes -= bytes;
    heap->session->blob_count--;
    heap->session->byte_count -= bytes;
    release(heap);
}

static struct heap *live(lua_State *L, int index, const char *method) {
    struct heap *heap = args_heap(L, index, method);
    if (!heap->handle)
        args_misuse(L, method, destroyed);
    return heap;
}

/* Takes a block for an empty blob. */
static bool take(struct blob *blob, struct heap *heap, DWORD flags, size_t bytes) {
    void *data = heap->session->engine.HeapAlloc(heap->handle, flags, bytes);
    if (!data)
        return false;
    blob_own(blob, heap, data, bytes);
    return true;
}

/* Whether the dead blobs, once collected, made room for what has just failed. */
static bool take_again(lua_State *L, struct blob *blob, struct heap *heap, DWORD flags,
                       size_t bytes) {
    if (heap->session->engine.GetLastError() != ERROR_NOT_ENOUGH_MEMORY)
        return false;
    session_collect(L, heap->session);
    live(L, 1, "Heap:Alloc"); /* a finalizer may have destroyed it */
    return take(blob, heap, flags, bytes);
}

/* Heap:Alloc(bytes=1, flags=0) -> blob; or nil, message, code */
static int heap_alloc(lua_State *L) {
    static const char method[] = "Heap:Alloc";
    struct heap *heap = args_heap(L, 1, method);
    size_t bytes = args_optional_size(L, 2, method, "size", 1);
    DWORD flags = args_flags(L, 3, method, "flags");
    session_pace(L, heap->session, bytes);
    struct blob *blob = blob_push(L, 1);
    live(L, 1, method);
    if (take(blob, heap, args_engine_flags(flags), bytes) ||
        take_again(L, blob, heap, args_engine_flags(flags), bytes))
        return 1;
    return args_failure(L, method, heap->session->engine.GetLastError(),
                        args_raises(flags | heap->options));
}

/* Heap:Adopt(pointer) -> blob of a block that this heap gave to a raw call or to C; or nil,
 * message, code when it is none. The block must not have a blob already: each would free it. */
static int heap_adopt(lua_State *L) {
    static const char method[] = "Heap:Adopt";
    struct heap *heap = args_heap(L, 1, method);
    void *data = lua_islightuserdata(L, 2) ? lua_touserdata(L, 2) : NULL;
    if (!data)
        return args_misuse(L, method, "block must be a pointer");
    struct blob *blob = blob_push(L, 1);
    live(L, 1, method);
    SIZE_T bytes = heap->session->engine.HeapSize(heap->handle, 0, data);
    if (bytes == (SIZE_T)-1)
        return args_failure(L, method, heap->session->engine.GetLastError(), false);
    blob_own(blob, heap, data, bytes);
    return 1;
}

/* Heap:IsValid(flags=0): whether the heap is alive and the engine finds it consistent */
static int heap_is_valid(lua_State *L) {
    struct heap *heap = args_heap(L, 1, "Heap:IsValid");
    DWORD flags = args_engine_flags(args_flags(L, 2, "Heap:IsValid", "flags"));
    lua_pushboolean(L,
                    heap->handle && heap->session->engine.HeapValidate(heap->handle, flags, NULL));
    return 1;
}

/* Heap:Stats() -> { blobs = live ones, bytes = the sum of their sizes } */
static int heap_stats(lua_State *L) {
    struct heap *heap = live(L, 1, "Heap:Stats");
    lua_createtable(L, 0, 2);
    args_push_size(L, heap->blobs);
    lua_setfield(L, -2, "blobs");
    args_push_size(L, heap->bytes);
    lua_setfield(L, -2, "bytes");
    return 1;
}

/* Heap:Destroy(), Heap:close(): all blobs are dead at once. Harmless when that has already
 * happened -> true; or nil, message, code for the process heap, which stays as it was */
static int heap_destroy(lua_State *L) {
    struct heap *heap = args_heap(L, 1, "Heap:Destroy");
    bool gone = true;
    if (heap->handle && heap->permanent)
        gone = heap->session->engine.HeapDestroy(heap->handle); /* refuses, with the reason */
    else if (heap->handle)
        gone = heap_end(heap);
    if (!gone)
        return args_failure(L, "Heap:Destroy", heap->session->engine.GetLastError(), false);
    lua_pushboolean(L, 1);
    return 1;
}

/* The object goes; the native heap stays until its last blob goes too. */
static int heap_gc(lua_State *L) {
    struct heap *heap = args_heap(L, 1, "Heap:__gc");
    if (!heap->collected) {
        heap->collected = true;
        release(heap);
    }
    return 0;
}

static int heap_len(lua_State *L) {
    struct heap *heap = args_heap(L, 1, "Heap:__len");
    args_push_size(L, heap->handle ? heap->blobs : 0);
    return 1;
}

static int heap_tostring(lua_State *L) {
    struct heap *heap = args_heap(L, 1, "Heap:__tostring");
    if (heap->handle)
        lua_pushfstring(L, "HEAP: %p with %I blobs", heap->handle, (lua_Integer)heap->blobs);
    else
        lua_pushliteral(L, "HEAP: destroyed");
    return 1;
}

/* The fields: Handle (nil once destroyed), Options, InitialSize, MaximumSize. */
static int heap_property(lua_State *L) {
    struct heap *heap = args_heap(L, 1, "Heap");
    const char *key = lua_tostring(L, 2);
    if (strcmp(key, "Handle") == 0)
        args_push_pointer(L, heap->handle);
    else if (strcmp(key, "Options") == 0)
        lua_pushinteger(L, heap->options);
    else if (strcmp(key, "InitialSize") == 0)
        args_push_size(L, heap->initial);
    else if (strcmp(key, "MaximumSize") == 0)
        args_push_size(L, heap->maximum);
    else
        lua_pushnil(L);
    return 1;
}

static const luaL_Reg methods[] = {
    {"Alloc", heap_alloc}, {"Adopt", heap_adopt},     {"IsValid", heap_is_valid},
    {"Stats", heap_stats}, {"Destroy", heap_destroy}, {"close", heap_destroy},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", heap_gc},   {"__close", heap_destroy},
    {"__len", heap_len}, {"__tostring", heap_tostring},
    {NULL, NULL},
};

void heap_fill_metatable(lua_State *L) {
    args_fill_metatable(L, "HEAP", methods, metamethods, heap_property);
}

static struct heap *push_heap(lua_State *L, struct session *session) {
    struct heap *heap = lua_newuserdatauv(L, sizeof *heap, 0);
    *heap = (struct heap){.session = session, .refs = 1};
    lua_pushvalue(L, lua_upvalueindex(UP_HEAP_META));
    lua_setmetatable(L, -2);
    return heap;
}

/* Makes the native heap; FALSE if the engine has none to give. */
static bool open_heap(struct heap *heap) {
    struct session *session = heap->session;
    heap->handle =
        session->engine.HeapCreate(args_engine_flags(heap->options), heap->initial, heap->maximum);
    if (heap->handle)
        link_heap(session, heap);
    return heap->handle != NULL;
}

/* The same once more, if dead heaps, once collected, may have made room. */
static bool open_heap_again(lua_State *L, struct heap *heap) {
    if (heap->session->engine.GetLastError() != ERROR_NOT_ENOUGH_MEMORY)
        return false;
    session_collect(L, heap->session);
    return open_heap(heap);
}

int heap_create(lua_State *L) {
    static const char method[] = "winheap.CreateHeap";
    struct session *session = session_ready(L, method);
    size_t initial = args_optional_size(L, 1, method, "initialSize", 0);
    size_t maximum = args_optional_size(L, 2, method, "maxSize", 0);
    DWORD options = args_flags(L, 3, method, "options");
    session_pace(L, session, initial < SIZE_MAX - HEAP_COST ? initial + HEAP_COST : HEAP_COST);
    struct heap *heap = push_heap(L, session);
    heap->initial = initial;
    heap->maximum = maximum;
    heap->options = options;
    if (!open_heap(heap) && !open_heap_again(L, heap))
        return args_failure(L, method, session->engine.GetLastError(), false);
    return 1;
}

int heap_process(lua_State *L) {
    static const char method[] = "winheap.GetProcessHeap";
    struct session *session = session_ready(L, method);
    if (lua_getiuservalue(L, lua_upvalueindex(UP_SESSION), SESSION_PROCESS_HEAP) != LUA_TNIL)
        return 1;
    struct heap *heap = push_heap(L, session);
    if (lua_getiuservalue(L, lua_upvalueindex(UP_SESSION), SESSION_PROCESS_HEAP) != LUA_TNIL)
        return 1; /* made by a finalizer meanwhile */
    lua_pop(L, 1);
    heap->permanent = true;
    heap->handle = session->engine.GetProcessHeap();
    if (!heap->handle)
        return args_failure(L, method, session->engine.GetLastError(), false);
    link_heap(session, heap);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, lua_upvalueindex(UP_SESSION), SESSION_PROCESS_HEAP);
    return 1;
}
