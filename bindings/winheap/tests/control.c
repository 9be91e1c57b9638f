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

BOOL HeapWalk(HANDLE heap, LPPROCESS_HEAP_ENTRY entry) {
    (void)heap, (void)entry;
    return FALSE;
}

BOOL HeapLock(HANDLE heap) {
    (void)heap;
    return TRUE;
}

BOOL HeapUnlock(HANDLE heap) {
    (void)heap;
    return TRUE;
}

SIZE_T HeapCompact(HANDLE heap, DWORD flags) {
    (void)heap, (void)flags;
    return 0;
}

BOOL HeapSummary(HANDLE heap, DWORD flags, LPHEAP_SUMMARY summary) {
    (void)heap, (void)flags, (void)summary;
    return TRUE;
}

BOOL HeapQueryInformation(HANDLE heap, HEAP_INFORMATION_CLASS kind, PVOID information,
                          SIZE_T length, PSIZE_T returned) {
    (void)heap, (void)kind, (void)information, (void)length, (void)returned;
    return TRUE;
}

BOOL HeapSetInformation(HANDLE heap, HEAP_INFORMATION_CLASS kind, PVOID information,
                        SIZE_T length) {
    (void)heap, (void)kind, (void)information, (void)length;
    return TRUE;
}
