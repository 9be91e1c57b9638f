/* HeapQueryInformation and HeapSetInformation, over what each engine answers here. */
#ifndef WINHEAP_INFORMATION_H
#define WINHEAP_INFORMATION_H

#include "winheap/heapapi.h"

#include <stdbool.h>

enum { INFORMATION_STANDARD = 0, INFORMATION_LOW_FRAGMENTATION = 2 };

/* Where a live heap keeps its front end's number, INFORMATION_STANDARD at first; NULL: no heap. */
_Atomic ULONG *information_front_end(HANDLE handle);

/* Whether a live heap may have the low-fragmentation front end: growable and serialized. */
bool information_allows(HANDLE handle);

/* HeapCompact for every serialized heap that nobody has locked. */
void information_compact_all(void);

#endif
