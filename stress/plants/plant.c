/*
 * An engine with one planted fault, to prove that the harnesses find what they are there to find.
 *
 * Every call goes through to the engine at $PLANT_ENGINE (a path). $PLANT names the fault; most
 * strike one in 512 of the calls that could show them, a few always. PLANT=none is the negative
 * control. Without either variable the library aborts with one line.
 */
#include "plant.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct engine plant_real;
const char *plant_name;
static _Atomic unsigned calls;

static __attribute__((constructor)) void plant_load(void) {
    const char *path = getenv("PLANT_ENGINE");
    plant_name = getenv("PLANT");
    if (!path || !plant_name || !engine_open(&plant_real, path)) {
        fputs("plant: set PLANT to a fault, or none, and PLANT_ENGINE to a path\n", stderr);
        abort();
    }
}

bool plant_strikes(const char *fault) {
    return strcmp(plant_name, fault) == 0 && ++calls % 512 == 0;
}

static void damage(void *block, size_t offset) {
    ((unsigned char *)block)[offset] ^= 1;
}

HANDLE HeapCreate(DWORD options, SIZE_T initial, SIZE_T max) {
    bool lift = strcmp(plant_name, "max-ignored") == 0 && initial <= max;
    return plant_real.HeapCreate(options, initial, lift ? 0 : max);
}

BOOL HeapDestroy(HANDLE heap) {
    bool keep =
        strcmp(plant_name, "destroy-does-nothing") == 0 && plant_real.HeapValidate(heap, 0, NULL);
    return keep ? TRUE : plant_real.HeapDestroy(heap);
}

/* Hands out the block of the last call again, as if its slot had been free. */
static void *alloc_twice(HANDLE heap, DWORD flags, SIZE_T size) {
    static void *given;
    static HANDLE giver;
    static SIZE_T room;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    void *block = NULL;
    pthread_mutex_lock(&lock);
    if (giver == heap && room >= size && plant_strikes("block-given-twice")) {
        block = given;
    } else {
        giver = heap;
        room = size;
        block = given = plant_real.HeapAlloc(heap, flags, size);
    }
    pthread_mutex_unlock(&lock);
    return block;
}

/* The thread that allocated a block, unless another block has the same place in the table. */
static _Atomic unsigned *maker_of(const void *block) {
    static _Atomic unsigned makers[1 << 16];
    return &makers[(uintptr_t)block * 0x9E3779B97F4A7C15u >> 48];
}

static unsigned maker_self(void) {
    static _Atomic unsigned threads;
    static _Thread_local unsigned self;
    return self ? self : (self = ++threads);
}

/* Pages of the system's that nobody will give back. */
static void pages_lose(void) {
    const size_t size = (size_t)1 << 20;
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages != MAP_FAILED) {
        memset(pages, 1, size);
    }
}

LPVOID HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size) {
    static unsigned unlocked;
    if (strcmp(plant_name, "lock-dropped") == 0) {
        unlocked++;
    }
    if (strcmp(plant_name, "block-given-twice") == 0) {
        return alloc_twice(heap, flags, size);
    }
    if (plant_strikes("misaligned")) {
        char *block = plant_real.HeapAlloc(heap, flags, size + 8);
        return block ? block + 8 : NULL;
    }
    if (plant_strikes("refused-for-nothing")) {
        plant_real.SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    void *block = plant_real.HeapAlloc(heap, flags, size);
    if (block && size && flags & HEAP_ZERO_MEMORY && plant_strikes("alloc-not-zeroed")) {
        damage(block, size - 1);
    }
    *maker_of(block) = maker_self();
    if (block && plant_strikes("success-sets-last-error")) {
        plant_real.SetLastError(ERROR_SUCCESS);
    }
    return block;
}

/* An engine that says a block was resized where it stands, whether there was room or not. */
static void *resize_lie(HANDLE heap, DWORD flags, LPVOID block, SIZE_T size) {
    void *resized = plant_real.HeapReAlloc(heap, flags, block, size);
    return !resized && plant_strikes("in-place-lie") ? block : resized;
}

LPVOID HeapReAlloc(HANDLE heap, DWORD flags, LPVOID block, SIZE_T size) {
    if (flags & HEAP_REALLOC_IN_PLACE_ONLY && strcmp(plant_name, "in-place-lie") == 0) {
        return resize_lie(heap, flags, block, size);
    }
    if (flags & HEAP_REALLOC_IN_PLACE_ONLY && plant_strikes("in-place-moves")) {
        flags &= ~HEAP_REALLOC_IN_PLACE_ONLY;
    }
    SIZE_T old = block ? plant_real.HeapSize(heap, 0, block) : 0;
    void *resized = plant_real.HeapReAlloc(heap, flags, block, size);
    if (resized && size && old && plant_strikes("realloc-damages")) {
        damage(resized, (size < old ? size : old) - 1);
    }
    if (resized && size > old && flags & HEAP_ZERO_MEMORY && plant_strikes("realloc-not-zeroed")) {
        damage(resized, old);
    }
    return resized;
}

BOOL HeapFree(HANDLE heap, DWORD flags, LPVOID block) {
    if (*maker_of(block) != maker_self() && plant_real.HeapValidate(heap, 0, block) &&
        plant_strikes("remote-free-lost")) {
        return TRUE;
    }
    if (plant_strikes("pages-lost")) {
        pages_lose();
    }
    BOOL freed = plant_real.HeapFree(heap, flags, block);
    return freed || strcmp(plant_name, "bad-free-accepted") == 0;
}

SIZE_T HeapSize(HANDLE heap, DWORD flags, LPCVOID block) {
    SIZE_T size = plant_real.HeapSize(heap, flags, block);
    return size + (size != (SIZE_T)-1 && plant_strikes("size-off-by-one"));
}

BOOL HeapValidate(HANDLE heap, DWORD flags, LPCVOID block) {
    BOOL valid = plant_real.HeapValidate(heap, flags, block);
    return valid || (block && strcmp(plant_name, "validate-believes-all") == 0);
}

HANDLE GetProcessHeap(void) {
    return plant_real.GetProcessHeap();
}

DWORD GetProcessHeaps(DWORD capacity, PHANDLE heaps) {
    return plant_real.GetProcessHeaps(capacity, heaps);
}

DWORD GetLastError(void) {
    return plant_real.GetLastError();
}

void SetLastError(DWORD code) {
    plant_real.SetLastError(code);
}

winheap_exception_handler winheap_set_exception_handler(winheap_exception_handler handler) {
    bool lose = strcmp(plant_name, "exceptions-lost") == 0;
    return plant_real.winheap_set_exception_handler(lose ? NULL : handler);
}

const char *winheap_version(void) {
    return "0";
}

const char *winheap_engine(void) {
    return "plant";
}
