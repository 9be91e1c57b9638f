/* What follows a HeapFree that is refused: FALSE, or the end of the process. */
#ifndef WINHEAP_CORRUPTION_H
#define WINHEAP_CORRUPTION_H

#include "winheap/heapapi.h"

/* From now on every refused HeapFree of this engine ends the process. */
void corruption_terminate(void);

/*
 * Reports a HeapFree whose pointer is no sound block of its heap: prints one line and aborts for a
 * heap with HEAP_CREATE_HARDENED among its options and after corruption_terminate; otherwise sets
 * ERROR_INVALID_PARAMETER and returns FALSE. No lock may be held.
 */
BOOL corruption_refuse(DWORD options, const void *block);

#endif
