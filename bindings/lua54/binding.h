/*
 * What the files of the Lua 5.4 module share: the objects, and the calls between the files.
 *
 * A heap object is a userdata, and a blob is one whose user value is its heap object: as long as
 * the collector keeps the blob, the memory of the heap object is there, in every order of
 * finalizers. The native heap is counted apart (heap.refs): it goes with the heap object or the
 * last blob, whichever is finalized later.
 */
#ifndef WINHEAP_LUA54_BINDING_H
#define WINHEAP_LUA54_BINDING_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "engine.h"

/* The upvalues of every function; an __index has two more. */
enum { UP_SESSION = 1, UP_HEAP_META, UP_BLOB_META, UP_METHODS, UP_PROPERTY };
enum { UP_COUNT = UP_BLOB_META };

/* The user values of the session. */
enum { SESSION_MODULE = 1, SESSION_PROCESS_HEAP, SESSION_PACK, SESSION_UNPACK, SESSION_PACKSIZE };
enum { SESSION_VALUES = SESSION_PACKSIZE };

/* What one Lua state holds. */
struct session {
    struct engine engine; /* engine.library NULL: none loaded yet */
    struct heap *heaps;   /* the live native heaps, in no order */
    size_t heap_count, blob_count, byte_count;
    size_t collections; /* full collections the binding started */
    size_t refused;     /* releases the engine refused */
    size_t unpaced;     /* native bytes allocated since the last of them */
    size_t pace_limit;  /* how many may be */
    bool closing;       /* lua_close is under way: what is made now gets no finalizer */
};

/* A heap object. handle NULL: destroyed. */
struct heap {
    struct session *session;
    struct heap *next, *previous;
    HANDLE handle;
    DWORD options;
    bool permanent; /* the process heap */
    bool collected; /* the object's finalizer has run: it holds no reference any more */
    size_t initial, maximum;
    size_t refs; /* the object and its blobs */
    size_t blobs, bytes;
};

/* A blob. heap NULL: released. */
struct blob {
    struct heap *heap;
    void *data;
    size_t size;
};

static inline struct session *session_of(lua_State *L) {
    return lua_touserdata(L, lua_upvalueindex(UP_SESSION));
}

/* ---- args.c: arguments and failures; METHOD is what messages start with ---- */

/* Raises "METHOD: problem". */
int args_misuse(lua_State *L, const char *method, const char *problem);

/* nil, message, code; or the message raised. */
int args_failure(lua_State *L, const char *method, DWORD code, bool raises);

/* A count of bytes; anything else that is no integer from 0 to SIZE_MAX raises. */
size_t args_size(lua_State *L, int index, const char *method, const char *what);

/* The same where none or nil means a default. */
size_t args_optional_size(lua_State *L, int index, const char *method, const char *what,
                          size_t otherwise);

/* Call flags or options, none or nil is 0; raises for what is no integer of 32 bits. */
DWORD args_flags(lua_State *L, int index, const char *method, const char *what);

/* The heap or blob at index; raises for anything else. It may be destroyed or released. */
struct heap *args_heap(lua_State *L, int index, const char *method);
struct blob *args_blob(lua_State *L, int index, const char *method);

/* Whether the value at index is a blob. */
bool args_is_blob(lua_State *L, int index);

/* Pushes a count of bytes. */
void args_push_size(lua_State *L, size_t size);

/* Pushes a pointer as lightuserdata, NULL as nil. */
void args_push_pointer(lua_State *L, const void *pointer);

/* Adds functions to the table at the top. Expects their upvalues at stack index 1 to UP_COUNT. */
void args_set_functions(lua_State *L, const luaL_Reg *functions);

/* Fills in the metatable at the top, likewise. Names that are no method go to property, which finds
 * the object at index 1 and the name at 2 and pushes one value. */
void args_fill_metatable(lua_State *L, const char *name, const luaL_Reg *methods,
                         const luaL_Reg *metamethods, lua_CFunction property);

/* The flags as the engine may see them. It never sees GENERATE_EXCEPTIONS: its exception would
 * unwind through the VM, so the binding raises a Lua error itself. */
static inline DWORD args_engine_flags(DWORD flags) {
    return flags & ~HEAP_GENERATE_EXCEPTIONS;
}

static inline bool args_raises(DWORD flags) {
    return (flags & HEAP_GENERATE_EXCEPTIONS) != 0;
}

/* ---- session.c: what a Lua state holds, and its collector ---- */

/* Pushes a new session, which stays until lua_close; raises without string.pack. */
struct session *session_new(lua_State *L);

/* Pushes the session of this state; or nothing, and returns false, when there is none yet. */
bool session_push(lua_State *L);

/* The session, with its engine loaded; raises when that cannot be, or the state is closing. */
struct session *session_ready(lua_State *L, const char *method);

/* One full collection, to find dead blobs. Does nothing inside a finalizer. */
void session_collect(lua_State *L, struct session *session);

/* Counts native bytes about to be allocated, and collects when it is due. */
void session_pace(lua_State *L, struct session *session, size_t bytes);

/* ---- heap.c ---- */

/* Counts a blob in and out of its heap. The last reference that goes ends the native heap. */
void heap_charge(struct heap *heap, size_t bytes);
void heap_discharge(struct heap *heap, size_t bytes);

/* Ends a heap: all its blobs are dead. FALSE if the engine refused. */
BOOL heap_end(struct heap *heap);

/* Fills in the metatable of heaps at the top (see args_fill_metatable). */
void heap_fill_metatable(lua_State *L);

/* winheap.CreateHeap, winheap.GetProcessHeap. */
int heap_create(lua_State *L);
int heap_process(lua_State *L);

/* ---- blob.c ---- */

/* Pushes a blob of the heap object at index, with nothing in it yet. May run the collector. */
struct blob *blob_push(lua_State *L, int heap_index);

/* Gives an empty blob its block. */
void blob_own(struct blob *blob, struct heap *heap, void *data, size_t bytes);

/* Whether the blob has its memory. */
static inline bool blob_is_live(const struct blob *blob) {
    return blob->heap != NULL && blob->heap->handle != NULL;
}

/* The blob at index; raises unless it is live. */
struct blob *blob_live(lua_State *L, int index, const char *method);

/* Checks n bytes (argument n_index; none: the rest) at an offset (none: 0) and stores the count. */
unsigned char *blob_range(lua_State *L, const struct blob *blob, const char *method,
                          int offset_index, int n_index, size_t *count);

/* Fills in the metatable of blobs at the top (see args_fill_metatable). */
void blob_fill_metatable(lua_State *L);

/* ---- bytes.c: the methods that read and write a blob's memory ---- */

int bytes_fill(lua_State *L);
int bytes_copy(lua_State *L);
int bytes_to_string(lua_State *L);
int bytes_read(lua_State *L);
int bytes_write(lua_State *L);

/* ---- raw.c ---- */

/* Pushes the table winheap.raw (see args_set_functions). */
void raw_push(lua_State *L);

#endif
