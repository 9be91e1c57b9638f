/*
 * The Win32 heap API as every engine exports it: private heaps with exact sizes and checked frees.
 *
 * One engine is one shared library, libwinheap-NAME.so, with exactly these symbols. A handle
 * belongs to the engine that made it. On Windows the library is kernel32.dll and windows.h declares
 * what is Win32: this header adds what goes beyond.
 *
 * Threads: every function may be called from any thread, except on a heap created with
 * HEAP_NO_SERIALIZE, whose calls the program must keep apart itself. The last error is per thread.
 * Failures set it; successes leave it alone.
 *
 * Source of the contract: Microsoft's heapapi.h pages, and what Wine's conformance tests record of
 * Windows where the pages are silent.
 */
#ifndef WINHEAP_HEAPAPI_H
#define WINHEAP_HEAPAPI_H

#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#ifndef HEAP_CREATE_SEGMENT_HEAP /* MinGW's headers are older than these options */
#define HEAP_CREATE_SEGMENT_HEAP 0x00000100
#define HEAP_CREATE_HARDENED 0x00000200
#endif
#ifndef HEAP_OPTIMIZE_RESOURCES_CURRENT_VERSION
#define HEAP_OPTIMIZE_RESOURCES_CURRENT_VERSION 1
#define HeapOptimizeResources ((HEAP_INFORMATION_CLASS)3)
typedef struct {
    DWORD Version;
    DWORD Flags;
} HEAP_OPTIMIZE_RESOURCES_INFORMATION;
#endif
#define WINHEAP_API
#else
#define WINHEAP_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifndef _WIN32

typedef int32_t BOOL;
typedef uint8_t BYTE;
typedef uint16_t WORD;
typedef uint32_t DWORD;
typedef uint32_t ULONG;
typedef size_t SIZE_T;
typedef size_t *PSIZE_T;
typedef void *HANDLE;
typedef void *PVOID;
typedef void *LPVOID;
typedef const void *LPCVOID;
typedef HANDLE *PHANDLE;

#ifndef TRUE
#define FALSE 0
#define TRUE 1
#endif

/* Heap options (HeapCreate) and call flags. A call's flags are OR-ed with its heap's options. */
#define HEAP_NO_SERIALIZE 0x00000001u          /* option, flag: no lock; one thread at a time */
#define HEAP_GENERATE_EXCEPTIONS 0x00000004u   /* option, flag: a failure calls the handler */
#define HEAP_ZERO_MEMORY 0x00000008u           /* option, flag: new bytes are zero */
#define HEAP_REALLOC_IN_PLACE_ONLY 0x00000010u /* flag: HeapReAlloc fails rather than move */
#define HEAP_TAIL_CHECKING_ENABLED 0x00000020u /* option: writes behind a block are noticed */
#define HEAP_FREE_CHECKING_ENABLED 0x00000040u /* option: writes into freed blocks are noticed */
#define HEAP_CREATE_SEGMENT_HEAP 0x00000100u   /* option: accepted, no effect */
#define HEAP_CREATE_HARDENED 0x00000200u       /* option: a refused HeapFree aborts; see below */
#define HEAP_CREATE_ALIGN_16 0x00010000u       /* option: accepted; blocks are always 16-aligned */
#define HEAP_CREATE_ENABLE_TRACING 0x00020000u /* option: accepted, no effect */
#define HEAP_CREATE_ENABLE_EXECUTE 0x00040000u /* option: code in blocks may be executed */

/* Last errors the heap functions set. */
#define ERROR_SUCCESS 0u
#define ERROR_INVALID_HANDLE 6u
#define ERROR_NOT_ENOUGH_MEMORY 8u
#define ERROR_GEN_FAILURE 31u
#define ERROR_INVALID_PARAMETER 87u
#define ERROR_CALL_NOT_IMPLEMENTED 120u
#define ERROR_INSUFFICIENT_BUFFER 122u
#define ERROR_NOT_LOCKED 158u
#define ERROR_NO_MORE_ITEMS 259u
#define ERROR_NOACCESS 998u

/* Codes given to the exception handler. */
#define STATUS_ACCESS_VIOLATION 0xC0000005u
#define STATUS_NO_MEMORY 0xC0000017u

/*
 * Creates a private heap and returns its handle, aligned to 64 KiB.
 *
 * options: HEAP_NO_SERIALIZE, HEAP_GENERATE_EXCEPTIONS, HEAP_ZERO_MEMORY, HEAP_CREATE_ALIGN_16,
 *          HEAP_CREATE_ENABLE_TRACING, and the following; any other bit is refused.
 *          HEAP_TAIL_CHECKING_ENABLED: 16 bytes 0xAB stand behind each block. HeapValidate is FALSE
 *          when they have changed, and HeapFree and HeapReAlloc refuse the block. Windows ignores
 *          this option and the next at HeapCreate.
 *          HEAP_FREE_CHECKING_ENABLED: new bytes are filled with 0xBAADF00D, freed ones with
 *          0xFEEEFEEE, each read as a little-endian DWORD from the block's start on. HeapValidate
 *          is FALSE when a freed block that has not been handed out again has changed.
 *          HEAP_CREATE_SEGMENT_HEAP: accepted; there is one kind of heap.
 *          HEAP_CREATE_HARDENED: free lists that a stray write cannot steer, blocks reused in
 *          random order, a guard page behind each large block, and a refused HeapFree prints one
 *          line and aborts.
 *          HEAP_CREATE_ENABLE_EXECUTE: the pages of blocks are executable.
 * initial: bytes committed at once, rounded up to a page.
 * max:     0 = grows without limit; else bytes of pages for blocks, rounded up to a page, reserved
 *          now and never exceeded. The engine's own bookkeeping is not counted.
 * Fails with NULL: ERROR_NOT_ENOUGH_MEMORY, or ERROR_INVALID_PARAMETER for unknown option bits and
 * for initial > max != 0.
 */
WINHEAP_API HANDLE HeapCreate(DWORD options, SIZE_T initial, SIZE_T max);

/*
 * Destroys a private heap and every block in it, without visiting them one by one.
 *
 * Returns TRUE; FALSE and ERROR_INVALID_HANDLE for NULL, the process heap, and whatever is no live
 * heap, a destroyed one included. No other thread may be using the heap.
 */
WINHEAP_API BOOL HeapDestroy(HANDLE heap);

/*
 * Allocates a block of exactly size bytes, 16-aligned (64-aligned when large). size 0 gives a
 * unique block of size 0.
 *
 * flags: HEAP_ZERO_MEMORY, HEAP_GENERATE_EXCEPTIONS, HEAP_NO_SERIALIZE.
 * Fails with NULL: ERROR_NOT_ENOUGH_MEMORY (sizes no machine has included), ERROR_INVALID_HANDLE.
 */
WINHEAP_API LPVOID HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size);

/*
 * Changes a block's size, moving it if it must, and returns where it now stands. Contents are kept
 * up to the smaller size; with HEAP_ZERO_MEMORY every byte past the old requested size is zero.
 * size 0 keeps a block of size 0: it does not free.
 *
 * flags: as HeapAlloc, and HEAP_REALLOC_IN_PLACE_ONLY.
 * Fails with NULL, the old block untouched and still valid: ERROR_NOT_ENOUGH_MEMORY (in place
 * refused included), ERROR_INVALID_PARAMETER when block is no live block of this heap,
 * ERROR_INVALID_HANDLE. block NULL fails too, with ERROR_SUCCESS: it does not allocate.
 */
WINHEAP_API LPVOID HeapReAlloc(HANDLE heap, DWORD flags, LPVOID block, SIZE_T size);

/*
 * Frees a block. NULL is TRUE.
 *
 * Returns FALSE and changes nothing: ERROR_INVALID_PARAMETER for a double free, an interior
 * pointer, another heap's block or a pointer from nowhere; ERROR_INVALID_HANDLE.
 */
WINHEAP_API BOOL HeapFree(HANDLE heap, DWORD flags, LPVOID block);

/*
 * The exact size in bytes that the block was last asked for.
 *
 * Fails with (SIZE_T)-1: ERROR_INVALID_PARAMETER when block is no live block of this heap,
 * ERROR_INVALID_HANDLE.
 */
WINHEAP_API SIZE_T HeapSize(HANDLE heap, DWORD flags, LPCVOID block);

/*
 * block NULL: whether the whole heap is consistent; else whether block is a live block of it.
 * Never changes the last error and never crashes, whatever heap and block are.
 */
WINHEAP_API BOOL HeapValidate(HANDLE heap, DWORD flags, LPCVOID block);

/* wFlags of a PROCESS_HEAP_ENTRY. None: a free committed block. */
#define PROCESS_HEAP_REGION 0x0001u            /* a range of addresses that blocks are taken from */
#define PROCESS_HEAP_UNCOMMITTED_RANGE 0x0002u /* a part of a region without memory behind it */
#define PROCESS_HEAP_ENTRY_BUSY 0x0004u        /* a live block */

/* One element of a heap, in the layout of Windows for x64. */
typedef struct _PROCESS_HEAP_ENTRY { // NOLINT(bugprone-reserved-identifier): Win32's name
    PVOID lpData;                    /* where it begins; NULL starts a walk */
    DWORD cbData;      /* its bytes, 0xFFFFFFFF when they are more: exact and requested if BUSY */
    BYTE cbOverhead;   /* bytes that the engine keeps for it besides, at most 255 */
    BYTE iRegionIndex; /* of the region it belongs to, modulo 256 */
    WORD wFlags;
    union {
        struct {
            HANDLE hMem; /* NULL: no block of these heaps is moveable */
            DWORD dwReserved[3];
        } Block;
        struct {
            DWORD dwCommittedSize; /* bytes, each 0xFFFFFFFF when they are more */
            DWORD dwUnCommittedSize;
            LPVOID lpFirstBlock;
            LPVOID lpLastBlock; /* the first address behind the region */
        } Region;
    };
} PROCESS_HEAP_ENTRY, *LPPROCESS_HEAP_ENTRY, *PPROCESS_HEAP_ENTRY;

/*
 * Steps from one element of the heap to the next: *entry is the one before, lpData NULL before the
 * first, and becomes the next. Each region is followed by its elements in order of address; a
 * large block is a region of its own. All state is in *entry.
 *
 * When the heap changes between two calls, elements may be missed or met twice, and the walk fails
 * if the element in *entry is gone: hold HeapLock around a walk of a heap that other threads use.
 *
 * Fails with FALSE: ERROR_NO_MORE_ITEMS behind the last element, ERROR_INVALID_PARAMETER when entry
 * is NULL or what it says is not (or no longer) an element of this heap, ERROR_INVALID_HANDLE.
 */
WINHEAP_API BOOL HeapWalk(HANDLE heap, LPPROCESS_HEAP_ENTRY entry);

/*
 * HeapLock keeps all other threads out of the heap until HeapUnlock: their HeapLock, HeapAlloc,
 * HeapReAlloc, HeapFree and HeapWalk wait. The thread itself may call them all, and may lock
 * again: each HeapLock needs its HeapUnlock. On a heap with HEAP_NO_SERIALIZE both are TRUE and
 * keep nobody out; nor is a call kept out that has that flag.
 *
 * Fail with FALSE: ERROR_INVALID_HANDLE; HeapUnlock by a thread that does not hold the lock:
 * ERROR_NOT_LOCKED.
 */
WINHEAP_API BOOL HeapLock(HANDLE heap);
WINHEAP_API BOOL HeapUnlock(HANDLE heap);

/*
 * Returns the heap's unused pages to the system, and the size in bytes of the largest free block
 * that still has memory behind it.
 *
 * flags: HEAP_NO_SERIALIZE.
 * Fails with 0: ERROR_SUCCESS when there is no such block, ERROR_INVALID_HANDLE.
 */
WINHEAP_API SIZE_T HeapCompact(HANDLE heap, DWORD flags);

/* A heap's bytes, in the layout of Windows for x64. */
typedef struct _HEAP_SUMMARY { // NOLINT(bugprone-reserved-identifier): Win32's name
    DWORD cb;                  /* sizeof(HEAP_SUMMARY), set by the caller */
    SIZE_T cbAllocated;        /* the sum of the live blocks' requested sizes */
    SIZE_T cbCommitted;        /* with memory behind them, as they count against max */
    SIZE_T cbReserved;         /* of address space that is the heap's */
    SIZE_T cbMaxReserve;       /* the max of HeapCreate in whole pages; 0: grows without limit */
} HEAP_SUMMARY, *PHEAP_SUMMARY, *LPHEAP_SUMMARY;

/*
 * Fills *summary. flags: 0.
 *
 * Fails with FALSE: ERROR_INVALID_PARAMETER when summary is NULL, its cb is not
 * sizeof(HEAP_SUMMARY) or flags is not 0; ERROR_INVALID_HANDLE.
 */
WINHEAP_API BOOL HeapSummary(HANDLE heap, DWORD flags, LPHEAP_SUMMARY summary);

typedef enum _HEAP_INFORMATION_CLASS { // NOLINT(bugprone-reserved-identifier): Win32's name
    HeapCompatibilityInformation = 0,
    HeapEnableTerminationOnCorruption = 1,
    HeapOptimizeResources = 3
} HEAP_INFORMATION_CLASS;

/* What HeapOptimizeResources is set to. */
#define HEAP_OPTIMIZE_RESOURCES_CURRENT_VERSION 1u
typedef struct _HEAP_OPTIMIZE_RESOURCES_INFORMATION { // NOLINT(bugprone-reserved-identifier)
    DWORD Version;                                    /* HEAP_OPTIMIZE_RESOURCES_CURRENT_VERSION */
    DWORD Flags;                                      /* 0 */
} HEAP_OPTIMIZE_RESOURCES_INFORMATION, *PHEAP_OPTIMIZE_RESOURCES_INFORMATION;

/*
 * HeapCompatibilityInformation: a ULONG, 0 for a standard heap, 2 for one that was asked to have
 * the low-fragmentation front end. No engine here works differently for it.
 *
 * length: bytes of room at information. returned: receives the bytes that there are; may be NULL.
 * Fails with FALSE: ERROR_INSUFFICIENT_BUFFER (*returned tells what is needed), ERROR_NOACCESS for
 * heap or information NULL, ERROR_INVALID_PARAMETER for any other class, ERROR_INVALID_HANDLE.
 */
WINHEAP_API BOOL HeapQueryInformation(HANDLE heap, HEAP_INFORMATION_CLASS kind, PVOID information,
                                      SIZE_T length, PSIZE_T returned);

/*
 * HeapCompatibilityInformation: a ULONG, 2 for a growable serialized heap; 0 is TRUE and changes
 *   nothing while the heap is standard.
 * HeapEnableTerminationOnCorruption: process-wide, whatever heap is, and for good: a HeapFree that
 *   is refused with ERROR_INVALID_PARAMETER prints one line and aborts. information NULL, length 0.
 * HeapOptimizeResources: a HEAP_OPTIMIZE_RESOURCES_INFORMATION: what HeapCompact returns to the
 *   system, of this heap or, heap NULL, of all serialized heaps that nobody has locked.
 *
 * Fails with FALSE: ERROR_INSUFFICIENT_BUFFER when length is too short; ERROR_GEN_FAILURE for
 * leaving 2 again and for values but 0 and 2; ERROR_INVALID_PARAMETER for 2 on a heap with
 * HEAP_NO_SERIALIZE or a maximum, for a Version or Flags that are not those above, for information
 * NULL and for any other class; ERROR_INVALID_HANDLE.
 */
WINHEAP_API BOOL HeapSetInformation(HANDLE heap, HEAP_INFORMATION_CLASS kind, PVOID information,
                                    SIZE_T length);

/* The process heap: created on first use, serialized, growable, never destroyed. */
WINHEAP_API HANDLE GetProcessHeap(void);

/*
 * The number of live heaps. Stores the first min(capacity, number) handles: the process heap
 * first, the rest in order of creation.
 */
WINHEAP_API DWORD GetProcessHeaps(DWORD capacity, PHANDLE heaps);

/* The calling thread's last error, and how to set it. */
WINHEAP_API DWORD GetLastError(void);
WINHEAP_API void SetLastError(DWORD code);

#endif /* not _WIN32 */

/* ---- beyond Win32 ---- */

/* Called with STATUS_NO_MEMORY or STATUS_ACCESS_VIOLATION; may return, longjmp or exit. */
typedef void (*winheap_exception_handler)(DWORD status);

/*
 * Sets what a failing call with HEAP_GENERATE_EXCEPTIONS calls, process-wide, and returns what was
 * set before. With none set (NULL) such a failure prints one line and aborts. When the handler
 * returns, the call fails as it would without the flag.
 */
WINHEAP_API winheap_exception_handler
winheap_set_exception_handler(winheap_exception_handler handler);

/*
 * Sets how many bytes of address space, pages and all, the process keeps of destroyed and emptied
 * growable heaps for the heaps to come, and returns what it was: 32 MiB unless set. What is kept
 * already and is too much goes back to the system at once. Only the engine `native` has it.
 *
 * 0 gives everything back, at the price of page faults in the next heap; SIZE_MAX keeps it all.
 */
WINHEAP_API SIZE_T winheap_set_retained(SIZE_T bytes);

/* The engine library's version, "MAJOR.MINOR.PATCH"; static storage. */
WINHEAP_API const char *winheap_version(void);

/*
 * Which engine this is: its name, the version of the allocator underneath, and the build id of the
 * library in hex, as in "mimalloc 2.0.9 1f0a…"; static storage.
 */
WINHEAP_API const char *winheap_engine(void);

/*
 * A lua_Alloc (Lua manual, 4.6) over a heap: lua_newstate(winheap_lua_alloc, heap) makes a Lua
 * state that lives in the heap, and under its maximum, entirely; LuaJIT's machine code aside.
 * A Lua state is used by one thread at a time, so a heap of its own may be HEAP_NO_SERIALIZE.
 *
 * heap:     a live heap's handle, until after lua_close.
 * block:    a block that this function returned for the same heap, or NULL.
 * old_size: bytes that Lua last asked for block; without meaning when block is NULL.
 * new_size: bytes to make room for; 0 frees block.
 * Returns the block, or NULL with the last error of HeapAlloc or HeapReAlloc, the old block
 * untouched. Shrinking never fails for want of memory, as Lua demands: a block that its heap cannot
 * shrink is returned as it is, and HeapSize goes on to tell its old size.
 *
 * Lua 5.4 collects and tries again before it raises "not enough memory"; LuaJIT raises at once:
 * there the host calls lua_gc(L, LUA_GCCOLLECT, 0) after the error. With HEAP_GENERATE_EXCEPTIONS
 * among the heap's options the handler runs first, and must return.
 */
WINHEAP_API void *winheap_lua_alloc(void *heap, void *block, size_t old_size, size_t new_size);

#ifdef __cplusplus
}
#endif

#endif
