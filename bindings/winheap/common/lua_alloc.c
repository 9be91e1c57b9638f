#include "winheap/heapapi.h"

/*
 * Lua frees what it unwinds by shrinking, and has no way back from a shrink that fails. A block
 * that its heap could not shrink is untouched, and long enough: it stays as it is.
 */
static void *lua_alloc_shrink(HANDLE heap, void *block, size_t size) {
    DWORD error = GetLastError();
    void *shrunk = HeapReAlloc(heap, 0, block, size);

    if (shrunk != NULL || GetLastError() != ERROR_NOT_ENOUGH_MEMORY)
        return shrunk;
    SetLastError(error);
    return block;
}

void *winheap_lua_alloc(void *heap, void *block, size_t old_size, size_t new_size) {
    if (new_size == 0) {
        HeapFree(heap, 0, block);
        return NULL;
    }
    if (block == NULL) /* old_size then says what kind of object Lua makes */
        return HeapAlloc(heap, 0, new_size);
    if (new_size <= old_size)
        return lua_alloc_shrink(heap, block, new_size);
    return HeapReAlloc(heap, 0, block, new_size);
}
