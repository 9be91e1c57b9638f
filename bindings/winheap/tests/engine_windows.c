/*
 * The harness's half for Windows: libraries, children that are this program again, and exceptions
 * that a call of the engine raises.
 */
#include "engine.h"

#include <process.h>
#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The harness's own calls are the system's, whatever engine is under test. */
#undef GetLastError
#undef SetLastError
#undef winheap_set_exception_handler
#undef winheap_engine
#undef winheap_lua_alloc

/* ---- what kernel32 does not have of the ABI ---- */

static winheap_exception_handler exception_handler;

winheap_exception_handler winheap_set_exception_handler(winheap_exception_handler handler) {
    winheap_exception_handler before = exception_handler;

    exception_handler = handler;
    return before;
}

const char *winheap_engine(void) {
    return "kernel32";
}

/* What a call of a function returns that the system has not: nothing, and why. */
static SIZE_T missing(void) {
    SetLastError(ERROR_CALL_NOT_IMPLEMENTED);
    return 0;
}

static const struct {
    const char *name;
    engine_function function;
} extensions[] = {
    {"winheap_set_exception_handler", (engine_function)winheap_set_exception_handler},
    {"winheap_engine", (engine_function)winheap_engine},
    {"winheap_lua_alloc", (engine_function)winheap_lua_alloc},
};

/* ---- exceptions ---- */

static HMODULE library;
static bool child_runs; /* this is a child, and the body it is for has begun */

static HMODULE module_at(DWORD64 address) {
    HMODULE module = NULL;

    GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                           GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                       (LPCSTR)address, &module);
    return module;
}

static bool is_of_the_engine(DWORD64 address) {
    HMODULE module = module_at(address);

    return module != NULL && (module == library || module == GetModuleHandleA("kernelbase") ||
                              module == GetModuleHandleA("ntdll"));
}

/* One frame up. A function without unwind data is a leaf: it has pushed nothing. */
static void unwind(CONTEXT *context) {
    DWORD64 base, frame;
    void *data;
    RUNTIME_FUNCTION *function = RtlLookupFunctionEntry(context->Rip, &base, NULL);

    if (function != NULL) {
        RtlVirtualUnwind(UNW_FLAG_NHANDLER, base, context->Rip, function, context, &data, &frame,
                         NULL);
        return;
    }
    context->Rip = *(DWORD64 *)context->Rsp;
    context->Rsp += sizeof context->Rip;
}

/* Called in place of the engine's function that raised: what it returns, that returns. */
static SIZE_T raised(DWORD code) {
    if (exception_handler != NULL)
        exception_handler(code);
    else
        engine_faulted(code);
    return 0;
}

/*
 * An exception from within a call of the engine goes to the handler that the tests have set, and
 * the call fails when that returns. Exceptions cannot be continued, so the stack is unwound to our
 * code, and the call that it made made again, to another function. With no handler a lack of memory
 * stays unhandled, and a fault makes its promise a broken one; in a child it ends the child.
 */
static bool is_wanted(DWORD code) {
    if (code == STATUS_NO_MEMORY)
        return exception_handler != NULL;
    return code == STATUS_ACCESS_VIOLATION && (exception_handler != NULL || !child_runs);
}

/* Unwinds to the frame of ours that called the engine: false if another library called it. */
static bool unwind_to_caller(CONTEXT *context) {
    if (!is_of_the_engine(context->Rip))
        return false;
    while (is_of_the_engine(context->Rip))
        unwind(context);
    return module_at(context->Rip) == GetModuleHandleA(NULL);
}

static LONG CALLBACK on_exception(EXCEPTION_POINTERS *exception) {
    DWORD code = exception->ExceptionRecord->ExceptionCode;
    CONTEXT context = *exception->ContextRecord;

    if (!is_wanted(code) || !unwind_to_caller(&context))
        return EXCEPTION_CONTINUE_SEARCH;
    context.Rsp -= sizeof context.Rip;
    *(DWORD64 *)context.Rsp = context.Rip;
    context.Rip = (DWORD64)raised;
    context.Rcx = code;
    *exception->ContextRecord = context;
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* ---- children ---- */

#define CHILD_MILLISECONDS 10000
#define CHILD_VARIABLE "ENGINE_CHILD" /* in a child's environment: the call it is for */

enum { CHILD_TRUE = 100, CHILD_FALSE }; /* exit codes, of no other use */
enum { CHILD_CALL_MAX = 256, CHILD_TEXT_MAX = 65536 };

static char child_call[CHILD_CALL_MAX]; /* "" when this is no child */

/* A child runs its test only. */
static void child_prepare(void) {
    if (GetEnvironmentVariableA(CHILD_VARIABLE, child_call, sizeof child_call) != 0)
        cmocka_set_test_filter(strchr(child_call, ' ') + 1);
}

/* The number of the call within its test, and the test's name. */
static void child_name(char call[CHILD_CALL_MAX]) {
    static const char *test;
    static int number;

    number = test == cmocka_test_name() ? number + 1 : 0;
    test = cmocka_test_name();
    snprintf(call, CHILD_CALL_MAX, "%d %s", number, test);
}

static PROCESS_INFORMATION child_start(const char *call, HANDLE errors) {
    STARTUPINFOA startup = {
        .cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES, .hStdError = errors};
    PROCESS_INFORMATION child;

    SetEnvironmentVariableA(CHILD_VARIABLE, call);
    assert_true(
        CreateProcessA(NULL, GetCommandLineA(), NULL, NULL, TRUE, 0, NULL, NULL, &startup, &child));
    return child;
}

static enum engine_end child_end(PROCESS_INFORMATION child) {
    DWORD code = 0;

    if (WaitForSingleObject(child.hProcess, CHILD_MILLISECONDS) == WAIT_TIMEOUT)
        TerminateProcess(child.hProcess, 0);
    WaitForSingleObject(child.hProcess, INFINITE);
    assert_true(GetExitCodeProcess(child.hProcess, &code));
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    switch (code) {
    case CHILD_TRUE:
        return ENGINE_TRUE;
    case CHILD_FALSE:
        return ENGINE_FALSE;
    case STATUS_NO_MEMORY:
        return ENGINE_ABORTED;
    default:
        return ENGINE_CRASHED;
    }
}

/* Reads when the child has ended: what it writes fits the pipe, or blocks it until it is ended. */
static enum engine_end child_end_heard(const char *call, char *text, size_t size) {
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
    HANDLE ours, theirs;
    enum engine_end end;
    DWORD length = 0;

    assert_true(CreatePipe(&ours, &theirs, &inherited, CHILD_TEXT_MAX));
    end = child_end(child_start(call, theirs));
    CloseHandle(theirs);
    if (!ReadFile(ours, text, (DWORD)size - 1, &length, NULL))
        assert_int_equal(GetLastError(), ERROR_BROKEN_PIPE);
    text[length] = '\0';
    CloseHandle(ours);
    return end;
}

enum engine_end engine_in_child_heard(bool (*body)(void), char *text, size_t size) {
    DWORD error = GetLastError();
    char call[CHILD_CALL_MAX];
    enum engine_end end;

    child_name(call);
    if (strcmp(call, child_call) == 0) {
        child_runs = true;
        _exit(body() ? CHILD_TRUE : CHILD_FALSE);
    }
    if (text != NULL)
        end = child_end_heard(call, text, size);
    else
        end = child_end(child_start(call, GetStdHandle(STD_ERROR_HANDLE)));
    SetLastError(error);
    return end;
}

/* ---- the library ---- */

void engine_open(const char *path) {
    library = LoadLibraryA(path);
    if (library == NULL)
        engine_fail("the engine's library cannot be loaded");
    if (AddVectoredExceptionHandler(1, on_exception) == NULL)
        engine_fail("no exception handler can be added");
    child_prepare();
}

engine_function engine_symbol(const char *name) {
    engine_function function = (engine_function)GetProcAddress(library, name);

    for (size_t i = 0; function == NULL && i < sizeof extensions / sizeof extensions[0]; i++)
        if (strcmp(extensions[i].name, name) == 0)
            function = extensions[i].function;
    return function != NULL ? function : (engine_function)missing;
}

/* ---- pages ---- */

static size_t reserved_bytes(void) {
    MEMORY_BASIC_INFORMATION range = {0};
    size_t bytes = 0;

    for (char *at = NULL; VirtualQuery(at, &range, sizeof range) != 0; at += range.RegionSize)
        bytes += range.State == MEM_FREE ? 0 : range.RegionSize;
    return bytes;
}

struct engine_pages engine_pages(void) {
    PROCESS_MEMORY_COUNTERS counters;
    DWORD error = GetLastError();
    struct engine_pages pages;

    assert_true(GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters));
    pages.reserved = reserved_bytes() / 4096;
    pages.resident = counters.WorkingSetSize / 4096;
    SetLastError(error);
    return pages;
}

bool engine_lock_pages(void *start, size_t bytes) {
    return VirtualLock(start, bytes);
}
