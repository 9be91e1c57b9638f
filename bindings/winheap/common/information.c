#include "information.h"

#include "corruption.h"
#include "failure.h"

#include <stdatomic.h>

BOOL HeapQueryInformation(HANDLE heap, HEAP_INFORMATION_CLASS kind, PVOID information,
                          SIZE_T length, PSIZE_T returned) {
    _Atomic ULONG *front_end;

    if (kind != HeapCompatibilityInformation)
        return failure_set(ERROR_INVALID_PARAMETER);
    if (returned != NULL)
        *returned = sizeof *front_end;
    if (length < sizeof *front_end)
        return failure_set(ERROR_INSUFFICIENT_BUFFER);
    if (heap == NULL || information == NULL)
        return failure_set(ERROR_NOACCESS);
    front_end = information_front_end(heap);
    if (front_end == NULL)
        return failure_set(ERROR_INVALID_HANDLE);
    *(ULONG *)information = atomic_load(front_end);
    return TRUE;
}

static BOOL set_compatibility(HANDLE heap, ULONG wanted) {
    _Atomic ULONG *front_end = information_front_end(heap);

    if (front_end == NULL)
        return failure_set(ERROR_INVALID_HANDLE);
    if (wanted == INFORMATION_LOW_FRAGMENTATION) {
        if (!information_allows(heap))
            return failure_set(ERROR_INVALID_PARAMETER);
        atomic_store(front_end, wanted);
        return TRUE;
    }
    return wanted == atomic_load(front_end) ? TRUE : failure_set(ERROR_GEN_FAILURE);
}

static BOOL optimize(HANDLE heap, const HEAP_OPTIMIZE_RESOURCES_INFORMATION *wanted) {
    if (wanted->Version != HEAP_OPTIMIZE_RESOURCES_CURRENT_VERSION || wanted->Flags != 0)
        return failure_set(ERROR_INVALID_PARAMETER);
    if (heap == NULL) {
        information_compact_all();
        return TRUE;
    }
    if (information_front_end(heap) == NULL)
        return failure_set(ERROR_INVALID_HANDLE);
    DWORD error = GetLastError();
    HeapCompact(heap, 0);
    SetLastError(error); /* a heap without a free block left is no failure here */
    return TRUE;
}

/* Bytes that a class is set by; SIZE_MAX: no such class. */
static size_t set_length(HEAP_INFORMATION_CLASS kind) {
    switch (kind) {
    case HeapCompatibilityInformation:
        return sizeof(ULONG);
    case HeapEnableTerminationOnCorruption:
        return 0;
    case HeapOptimizeResources:
        return sizeof(HEAP_OPTIMIZE_RESOURCES_INFORMATION);
    }
    return SIZE_MAX;
}

BOOL HeapSetInformation(HANDLE heap, HEAP_INFORMATION_CLASS kind, PVOID information,
                        SIZE_T length) {
    size_t needed = set_length(kind);

    if (needed == SIZE_MAX)
        return failure_set(ERROR_INVALID_PARAMETER);
    if (length < needed)
        return failure_set(ERROR_INSUFFICIENT_BUFFER);
    if (needed == 0) {
        corruption_terminate();
        return TRUE;
    }
    if (information == NULL)
        return failure_set(ERROR_INVALID_PARAMETER);
    return kind == HeapOptimizeResources ? optimize(heap, information)
                                         : set_compatibility(heap, *(ULONG *)information);
}
