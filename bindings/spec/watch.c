/*
 * An engine that watches another one, for the tests of finalization orders: it passes every call
 * on, says on stderr which one the other refused, and at the end of the process how many heaps are
 * left. Any such finding ends the process with code 97.
 *
 * The library it passes calls on to is named by the environment's WATCH_ENGINE, a path.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <winheap/heapapi.h>

enum { FOUND = 97 };

static int findings;
static int heaps;

typedef void function(void);

static function *real(const char *name) {
    static void *library;
    function *address = NULL;
    if (!library)
        library = dlopen(getenv("WATCH_ENGINE"), RTLD_NOW | RTLD_NODELETE);
    void *symbol = library ? dlsym(library, name) : NULL;
    if (!symbol) {
        fprintf(stderr, "watch: %s\n", dlerror());
        _exit(FOUND);
    }
    memcpy(&address, &symbol, sizeof symbol);
    return address;
}

#define REAL(name) ((__typeof__(name) *)real(#name))

static void report(const char *what) {
    DWORD code = REAL(GetLastError)();
    fprintf(stderr, "watch: %s refused with %u\n", what, code);
    findings++;
    REAL(SetLastError)(code);
}

__attribute__((destructor)) static void finish(void) {
    if (heaps != 0) {
        fprintf(stderr, "watch: %d heaps left\n", heaps);
        findings++;
    }
    if (findings > 0)
        _exit(FOUND);
}

HANDLE HeapCreate(DWORD options, SIZE_T initial, SIZE_T max) {
    HANDLE heap = REAL(HeapCreate)(options, initial, max);
    heaps += heap != NULL;
    return heap;
}

BOOL HeapDestroy(HANDLE heap) {
    BOOL done = REAL(HeapDestroy)(heap);
    if (done)
        heaps--;
    else
        report("HeapDestroy");
    return done;
}

LPVOID HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size) {
    return REAL(HeapAlloc)(heap, flags, size);
}

LPVOID HeapReAlloc(HANDLE heap, DWORD flags, LPVOID block, SIZE_T size) {
    LPVOID moved = REAL(HeapReAlloc)(heap, flags, block, size);
    if (!moved && REAL(GetLastError)() != ERROR_NOT_ENOUGH_MEMORY)
        report("HeapReAlloc");
    return moved;
}

BOOL HeapFree(HANDLE heap, DWORD flags, LPVOID block) {
    BOOL done = REAL(HeapFree)(heap, flags, block);
    if (!done)
        report("HeapFree");
    return done;
}

SIZE_T HeapSize(HANDLE heap, DWORD flags, LPCVOID block) {
    return REAL(HeapSize)(heap, flags, block);
}

BOOL HeapValidate(HANDLE heap, DWORD flags, LPCVOID block) {
    return REAL(HeapValidate)(heap, flags, block);
}

HANDLE GetProcessHeap(void) {
    return REAL(GetProcessHeap)();
}

DWORD GetProcessHeaps(DWORD capacity, PHANDLE handles) {
    return REAL(GetProcessHeaps)(capacity, handles);
}

DWORD GetLastError(void) {
    return REAL(GetLastError)();
}

void SetLastError(DWORD code) {
    REAL(SetLastError)(code);
}

const char *winheap_version(void) {
    return REAL(winheap_version)();
}

const char *winheap_engine(void) {
    return REAL(winheap_engine)();
}
