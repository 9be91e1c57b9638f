#include "engine.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the API, forwarded ---- */

static struct {
    HANDLE (*HeapCreate)(DWORD, SIZE_T, SIZE_T);
    BOOL (*HeapDestroy)(HANDLE);
    LPVOID (*HeapAlloc)(HANDLE, DWORD, SIZE_T);
    LPVOID (*HeapReAlloc)(HANDLE, DWORD, LPVOID, SIZE_T);
    BOOL (*HeapFree)(HANDLE, DWORD, LPVOID);
    SIZE_T (*HeapSize)(HANDLE, DWORD, LPCVOID);
    BOOL (*HeapValidate)(HANDLE, DWORD, LPCVOID);
    HANDLE (*GetProcessHeap)(void);
    DWORD (*GetProcessHeaps)(DWORD, PHANDLE);
    DWORD (*GetLastError)(void);
    void (*SetLastError)(DWORD);
    winheap_exception_handler (*winheap_set_exception_handler)(winheap_exception_handler);
    const char *(*winheap_version)(void);
    const char *(*winheap_engine)(void);
    void *(*winheap_lua_alloc)(void *, void *, size_t, size_t);
} api;

HANDLE HeapCreate(DWORD options, SIZE_T initial, SIZE_T max) {
    return api.HeapCreate(options, initial, max);
}

BOOL HeapDestroy(HANDLE heap) {
    return api.HeapDestroy(heap);
}

LPVOID HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size) {
    return api.HeapAlloc(heap, flags, size);
}

LPVOID HeapReAlloc(HANDLE heap, DWORD flags, LPVOID block, SIZE_T size) {
    return api.HeapReAlloc(heap, flags, block, size);
}

BOOL HeapFree(HANDLE heap, DWORD flags, LPVOID block) {
    return api.HeapFree(heap, flags, block);
}

SIZE_T HeapSize(HANDLE heap, DWORD flags, LPCVOID block) {
    return api.HeapSize(heap, flags, block);
}

BOOL HeapValidate(HANDLE heap, DWORD flags, LPCVOID block) {
    return api.HeapValidate(heap, flags, block);
}

HANDLE GetProcessHeap(void) {
    return api.GetProcessHeap();
}

DWORD GetProcessHeaps(DWORD capacity, PHANDLE heaps) {
    return api.GetProcessHeaps(capacity, heaps);
}

DWORD GetLastError(void) {
    return api.GetLastError();
}

void SetLastError(DWORD code) {
    api.SetLastError(code);
}

winheap_exception_handler winheap_set_exception_handler(winheap_exception_handler handler) {
    return api.winheap_set_exception_handler(handler);
}

const char *winheap_version(void) {
    return api.winheap_version();
}

const char *winheap_engine(void) {
    return api.winheap_engine();
}

void *winheap_lua_alloc(void *heap, void *block, size_t old_size, size_t new_size) {
    return api.winheap_lua_alloc(heap, block, old_size, new_size);
}

static void engine_fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* Through memcpy: ISO C has no conversion from an object's address to a function's. */
static void engine_symbol(void *library, const char *name, void *function) {
    void *symbol = dlsym(library, name);

    if (symbol == NULL)
        engine_fail(dlerror());
    memcpy(function, &symbol, sizeof symbol);
}

#define ENGINE_SYMBOL(library, name) engine_symbol((library), #name, &api.name)

static void engine_load(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL)
        engine_fail(dlerror());
    ENGINE_SYMBOL(library, HeapCreate);
    ENGINE_SYMBOL(library, HeapDestroy);
    ENGINE_SYMBOL(library, HeapAlloc);
    ENGINE_SYMBOL(library, HeapReAlloc);
    ENGINE_SYMBOL(library, HeapFree);
    ENGINE_SYMBOL(library, HeapSize);
    ENGINE_SYMBOL(library, HeapValidate);
    ENGINE_SYMBOL(library, GetProcessHeap);
    ENGINE_SYMBOL(library, GetProcessHeaps);
    ENGINE_SYMBOL(library, GetLastError);
    ENGINE_SYMBOL(library, SetLastError);
    ENGINE_SYMBOL(library, winheap_set_exception_handler);
    ENGINE_SYMBOL(library, winheap_version);
    ENGINE_SYMBOL(library, winheap_engine);
    ENGINE_SYMBOL(library, winheap_lua_alloc);
}

/* ---- known differences ---- */

#define DIFFERENCES_MAX 256

static char engine_name[64];
static bool consulted[DIFFERENCES_MAX];

static const struct engine_difference *engine_difference(const char *promise) {
    for (size_t i = 0; i < engine_difference_count; i++) {
        const struct engine_difference *line = &engine_differences[i];
        if (strcmp(line->engine, engine_name) == 0 && strcmp(line->promise, promise) == 0) {
            consulted[i] = true;
            return line;
        }
    }
    return NULL;
}

bool engine_differs(const char *promise) {
    return engine_difference(promise) != NULL;
}

void engine_assert_promise(const char *promise, bool kept, const char *condition, const char *file,
                           int line) {
    const struct engine_difference *difference = engine_difference(promise);

    if (kept == (difference == NULL))
        return;
    if (difference == NULL)
        print_error("%s: promise not kept: %s\n", promise, condition);
    else
        print_error("%s: %s keeps it now, though differences.c says: %s\n", promise, engine_name,
                    difference->reason);
    _fail(file, line);
}

/* A line of this feature that no test asked for names a promise that does not exist. */
static int engine_unused_differences(const char *feature) {
    size_t length = strlen(feature);
    int unused = 0;

    for (size_t i = 0; i < engine_difference_count; i++) {
        const struct engine_difference *line = &engine_differences[i];
        if (consulted[i] || strcmp(line->engine, engine_name) != 0 ||
            strncmp(line->promise, feature, length) != 0 || line->promise[length] != '.')
            continue;
        print_error("differences.c: no test makes the promise %s\n", line->promise);
        unused++;
    }
    return unused;
}

/* ---- helpers ---- */

/* A child that waits for a lock nobody holds any more ends by a signal instead of never. */
#define ENGINE_CHILD_SECONDS 10

int engine_in_child(bool (*body)(void)) {
    pid_t child;
    int status = -1;

    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(ENGINE_CHILD_SECONDS);
        _exit(body() ? 0 : 1);
    }
    while (waitpid(child, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return status;
}

struct engine_pages engine_pages(void) {
    struct engine_pages pages = {0, 0};
    FILE *file = fopen("/proc/self/statm", "r");

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%zu %zu", &pages.reserved, &pages.resident), 2);
    fclose(file);
    return pages;
}

int engine_run(const char *feature, int argc, char **argv, const struct CMUnitTest *tests,
               size_t count) {
    int failed;

    if (argc != 2)
        engine_fail("usage: PROGRAM ENGINE-LIBRARY");
    if (engine_difference_count > DIFFERENCES_MAX)
        engine_fail("differences.c has more lines than DIFFERENCES_MAX");
    engine_load(argv[1]);
    sscanf(winheap_engine(), "%63s", engine_name);
    failed = _cmocka_run_group_tests(feature, tests, count, NULL, NULL);
    return failed + engine_unused_differences(feature) == 0 ? 0 : 1;
}
