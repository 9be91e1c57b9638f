#include "os.h"

#include "layout.h"
#include "shadow.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <time.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Where the next aligned mapping is likely to fit: just below the last one. */
static _Atomic uintptr_t os_hint;

static uintptr_t os_lowest, os_end;

void os_bound(uintptr_t lowest, uintptr_t end) {
    os_lowest = lowest;
    os_end = end;
}

static void *os_map_at(uintptr_t hint, size_t bytes, int protection) {
    void *start =
        mmap((void *)hint, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return start == MAP_FAILED ? NULL : start;
}

void os_unmap(void *start, size_t bytes) {
    if (bytes != 0)
        munmap(start, bytes);
}

/* Maps too much and cuts the ends off. */
static void *os_map_trimmed(size_t bytes, size_t alignment, int protection) {
    char *start = os_map_at(0, bytes + alignment, protection);
    size_t head;

    if (start == NULL)
        return NULL;
    head = -(uintptr_t)start & (alignment - 1);
    os_unmap(start, head);
    os_unmap(start + head + bytes, alignment - head);
    return start + head;
}

static void *os_map_aligned(size_t bytes, int protection) {
    uintptr_t room = (bytes + SEGMENT_BYTES - 1) & ~(SEGMENT_BYTES - 1);
    uintptr_t hint = atomic_load_explicit(&os_hint, memory_order_relaxed);
    char *start;

    if (bytes > BLOCK_MAX)
        return NULL;
    start = hint > room ? os_map_at(hint - room, bytes, protection) : NULL;
    if (start == NULL || (uintptr_t)start % SEGMENT_BYTES != 0) {
        os_unmap(start, start == NULL ? 0 : bytes);
        start = os_map_trimmed(bytes, SEGMENT_BYTES, protection);
    }
    if (start == NULL)
        return NULL;
    if ((uintptr_t)start < os_lowest || os_end - (uintptr_t)start < bytes) {
        os_unmap(start, bytes);
        return NULL;
    }
    atomic_store_explicit(&os_hint, (uintptr_t)start, memory_order_relaxed);
    return start;
}

void os_unmap_segments(void *start, size_t bytes) {
    uintptr_t room = (bytes + SEGMENT_BYTES - 1) & ~(SEGMENT_BYTES - 1);
    uintptr_t lowest = (uintptr_t)start;

    os_unmap(start, bytes);
    atomic_compare_exchange_strong_explicit(&os_hint, &lowest, lowest + room, memory_order_relaxed,
                                            memory_order_relaxed);
}

void *os_map_segments(size_t bytes) {
    return os_map_aligned(bytes, PROT_READ | PROT_WRITE);
}

void *os_map(size_t bytes) {
    return os_map_at(0, bytes, PROT_READ | PROT_WRITE);
}

void *os_reserve(size_t bytes) {
    return os_map_trimmed(bytes, UNIT_BYTES, PROT_NONE);
}

void os_decommit(void *start, size_t bytes) {
    if (madvise(start, bytes, MADV_DONTNEED) != 0) /* locked pages stay */
        shadow_clear(start, bytes);
}

bool os_guard(void *start, size_t bytes) {
    return mprotect(start, bytes, PROT_NONE) == 0;
}

bool os_make_executable(void *start, size_t bytes) {
    return mprotect(start, bytes, PROT_READ | PROT_WRITE | PROT_EXEC) == 0;
}

uint64_t os_random(void) {
    uint64_t number = (uintptr_t)&number;

    if (getrandom(&number, sizeof number, GRND_NONBLOCK) < 0)
        number ^= (uint64_t)clock();
    return number;
}

size_t os_memory_bytes(void) {
    struct sysinfo info;

    return sysinfo(&info) == 0 ? (size_t)(info.totalram + info.totalswap) * info.mem_unit
                               : SIZE_MAX;
}

bool os_populate(void *start, size_t bytes) {
    if (madvise(start, bytes, MADV_POPULATE_WRITE) == 0)
        return true;
    if (errno != EINVAL)
        return false;
    shadow_clear(start, bytes); /* a kernel before 5.14 */
    return true;
}

bool os_resize(void *start, size_t bytes, size_t new_bytes) {
    return mremap(start, bytes, new_bytes, 0) != MAP_FAILED;
}

void *os_move(void *start, size_t bytes, size_t new_bytes) {
    void *place = os_map_aligned(new_bytes, PROT_NONE);

    if (place == NULL)
        return NULL;
    if (mremap(start, bytes, new_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, place) == MAP_FAILED) {
        os_unmap(place, new_bytes);
        return NULL;
    }
    return place;
}
