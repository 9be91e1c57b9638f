/* An engine library, loaded: the heap ABI as function pointers. */
#ifndef STRESS_ENGINE_H
#define STRESS_ENGINE_H

#include "winheap/heapapi.h"

#include <stdbool.h>

#define ENGINE_FUNCTIONS(F)                                                                        \
    F(HeapCreate)                                                                                  \
    F(HeapDestroy)                                                                                 \
    F(HeapAlloc)                                                                                   \
    F(HeapReAlloc)                                                                                 \
    F(HeapFree)                                                                                    \
    F(HeapSize)                                                                                    \
    F(HeapValidate)                                                                                \
    F(GetProcessHeap)                                                                              \
    F(GetProcessHeaps)                                                                             \
    F(GetLastError)                                                                                \
    F(SetLastError)                                                                                \
    F(winheap_set_exception_handler)                                                               \
    F(winheap_engine)

/* NULL where the engine does not have them. */
#define ENGINE_OPTIONAL_FUNCTIONS(F)                                                               \
    F(HeapWalk)                                                                                    \
    F(HeapSummary)

struct engine {
    char name[64];                                                /* NAME of libwinheap-NAME.so */
#define ENGINE_POINTER(function) __typeof__(function)(*function); // NOLINT: declares it
    ENGINE_FUNCTIONS(ENGINE_POINTER)
    ENGINE_OPTIONAL_FUNCTIONS(ENGINE_POINTER)
#undef ENGINE_POINTER
};

/*
 * Loads an engine: a path when it holds a slash, else the NAME of libwinheap-NAME.so, which is
 * looked for in the folder $WINHEAP_LIBDIR if that is set, else by the loader.
 * false: one line on stderr says why.
 */
bool engine_open(struct engine *engine, const char *name_or_path);

#endif
