/*
 * The heap API as the tests call it: each name stands for a pointer to the function of the engine
 * under test, of the type that the platform's own header declares. A function that is missing on
 * the list cannot be linked; one that is missing among the names below is not the engine's.
 */
#ifndef WINHEAP_TESTS_ENGINE_API_H
#define WINHEAP_TESTS_ENGINE_API_H

#include "winheap/heapapi.h"

#define ENGINE_FUNCTIONS(FUNCTION)                                                                 \
    FUNCTION(HeapCreate)                                                                           \
    FUNCTION(HeapDestroy)                                                                          \
    FUNCTION(HeapAlloc)                                                                            \
    FUNCTION(HeapReAlloc)                                                                          \
    FUNCTION(HeapFree)                                                                             \
    FUNCTION(HeapSize)                                                                             \
    FUNCTION(HeapValidate)                                                                         \
    FUNCTION(GetProcessHeap)                                                                       \
    FUNCTION(GetProcessHeaps)                                                                      \
    FUNCTION(GetLastError)                                                                         \
    FUNCTION(SetLastError)                                                                         \
    FUNCTION(winheap_set_exception_handler)                                                        \
    FUNCTION(winheap_version)                                                                      \
    FUNCTION(winheap_engine)                                                                       \
    FUNCTION(winheap_lua_alloc)                                                                    \
    FUNCTION(HeapWalk)                                                                             \
    FUNCTION(HeapLock)                                                                             \
    FUNCTION(HeapUnlock)                                                                           \
    FUNCTION(HeapCompact)                                                                          \
    FUNCTION(HeapSummary)                                                                          \
    FUNCTION(HeapQueryInformation)                                                                 \
    FUNCTION(HeapSetInformation)

#define ENGINE_DECLARE(name) extern __typeof__(name) *engine_##name;
ENGINE_FUNCTIONS(ENGINE_DECLARE)

#define HeapCreate engine_HeapCreate
#define HeapDestroy engine_HeapDestroy
#define HeapAlloc engine_HeapAlloc
#define HeapReAlloc engine_HeapReAlloc
#define HeapFree engine_HeapFree
#define HeapSize engine_HeapSize
#define HeapValidate engine_HeapValidate
#define GetProcessHeap engine_GetProcessHeap
#define GetProcessHeaps engine_GetProcessHeaps
#define GetLastError engine_GetLastError
#define SetLastError engine_SetLastError
#define winheap_set_exception_handler engine_winheap_set_exception_handler
#define winheap_version engine_winheap_version
#define winheap_engine engine_winheap_engine
#define winheap_lua_alloc engine_winheap_lua_alloc
#define HeapWalk engine_HeapWalk
#define HeapLock engine_HeapLock
#define HeapUnlock engine_HeapUnlock
#define HeapCompact engine_HeapCompact
#define HeapSummary engine_HeapSummary
#define HeapQueryInformation engine_HeapQueryInformation
#define HeapSetInformation engine_HeapSetInformation

#endif
