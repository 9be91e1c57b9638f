/*
 * The tests' positive control: an engine that answers every call and keeps no promise. It forgets
 * sizes and contents, frees nothing, refuses nothing and reports no error. Each feature's tests
 * must fail on it.
 */
#include "winheap/heapapi.h"

#include <stdlib.h>

HANDLE HeapCreate(DWORD options, SIZE_T initial, SIZE_T max) {
    (void)options, (void)initial, (void)max;
    return (HANDLE)0x10000;
}

BOOL HeapDestroy(HANDLE heap) {
    (void)heap;
    return TRUE;
}

LPVOID HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size) {
    (void)heap, (void)flags;
    return malloc(size);
}

LPVOID HeapReAlloc(HANDLE heap, DWORD flags, LPVOID block, SIZE_T size) {
    (void)block;
    return HeapAlloc(heap, flags, size);
}

BOOL HeapFree(HANDLE heap, DWORD flags, LPVOID block) {
    (void)heap, (void)flags, (void)block;
    return TRUE;
}

SIZE_T HeapSize(HANDLE heap, DWORD flags, LPCVOID block) {
    (void)heap, (void)flags, (void)block;
    return 0;
}

BOOL HeapValidate(HANDLE heap, DWORD flags, LPCVOID block) {
    (void)heap, (void)flags, (void)block;
    return TRUE;
}

HANDLE GetProcessHeap(void) {
    return NULL;
}

DWORD GetProcessHeaps(DWORD capacity, PHANDLE heaps) {
    (void)capacity, (void)heaps;
    return 0;
}

DWORD GetLastError(void) {
    return ERROR_SUCCESS;
}

void SetLastError(DWORD code) {
    (void)code;
}

winheap_exception_handler winheap_set_exception_handler(winheap_exception_handler handler) {
    (void)handler;
    return NULL;
}

const char *winheap_version(void) {
    return "0";
}

const char *winheap_engine(void) {
    return "control";
}

void *winheap_lua_alloc(void *heap, void *block, size_t old_size, size_t new_size) {
    (void)heap, (void)old_size;
    return realloc(block, new_size);
}
