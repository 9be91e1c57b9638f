/* How a heap function fails: the thread's last error, and the exception handler when asked for. */
#ifndef WINHEAP_FAILURE_H
#define WINHEAP_FAILURE_H

#include "winheap/heapapi.h"

/*
 * Reports a failed HeapAlloc or HeapReAlloc: with HEAP_GENERATE_EXCEPTIONS in modes (the call's
 * flags OR-ed with the heap's options) calls the handler, then sets the last error. The handler may
 * longjmp: no lock may be held. Always returns NULL, so that a caller can return it.
 */
void *failure_raise(DWORD modes, DWORD error);

/* Sets the last error and returns FALSE: the failure of a function that raises nothing. */
BOOL failure_set(DWORD error);

#endif
