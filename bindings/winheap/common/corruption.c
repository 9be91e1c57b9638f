#include "corruption.h"

#include "failure.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_bool terminate;

void corruption_terminate(void) {
    atomic_store(&terminate, 1);
}

BOOL corruption_refuse(DWORD options, const void *block) {
    if ((options & HEAP_CREATE_HARDENED) != 0 || atomic_load(&terminate)) {
        fprintf(stderr, "winheap: HeapFree of %p, which is no sound block of its heap\n", block);
        abort();
    }
    return failure_set(ERROR_INVALID_PARAMETER);
}
