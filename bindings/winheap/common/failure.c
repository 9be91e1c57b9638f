#include "failure.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* initial-exec: no call into the dynamic linker, which could allocate, on the way of a failure. */
static _Thread_local DWORD last_error __attribute__((tls_model("initial-exec")));
static _Atomic(winheap_exception_handler) exception_handler;

DWORD GetLastError(void) {
    return last_error;
}

void SetLastError(DWORD code) {
    last_error = code;
}

winheap_exception_handler winheap_set_exception_handler(winheap_exception_handler handler) {
    return atomic_exchange(&exception_handler, handler);
}

static DWORD failure_status(DWORD error) {
    return error == ERROR_NOT_ENOUGH_MEMORY ? STATUS_NO_MEMORY : STATUS_ACCESS_VIOLATION;
}

static void failure_call_handler(DWORD status) {
    winheap_exception_handler handler = atomic_load(&exception_handler);

    if (handler == NULL) {
        fprintf(stderr, "winheap: unhandled exception 0x%08X in a heap function\n", status);
        abort();
    }
    handler(status);
}

void *failure_raise(DWORD modes, DWORD error) {
    if (modes & HEAP_GENERATE_EXCEPTIONS)
        failure_call_handler(failure_status(error));
    last_error = error;
    return NULL;
}

BOOL failure_set(DWORD error) {
    last_error = error;
    return FALSE;
}
