/*
 * The sums assume what holds for every caller: a range that is unmapped, or that MAP_FIXED and
 * MREMAP_FIXED replace, is mapped as a whole. One thread calls at a time.
 */
#include "syscalls_wrap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names
void *__real_mmap(void *start, size_t bytes, int protection, int flags, int file, off_t offset);
int __real_munmap(void *start, size_t bytes);
void *__real_mremap(void *start, size_t bytes, size_t new_bytes, int flags, ...);
int __real_mprotect(void *start, size_t bytes, int protection);
int __real_madvise(void *start, size_t bytes, int advice);
void *__wrap_mmap(void *start, size_t bytes, int protection, int flags, int file, off_t offset);
int __wrap_munmap(void *start, size_t bytes);
void *__wrap_mremap(void *start, size_t bytes, size_t new_bytes, int flags, ...);
int __wrap_mprotect(void *start, size_t bytes, int protection);
int __wrap_madvise(void *start, size_t bytes, int advice);

struct wrap wrap;

static void wrap_begin(void) {
    const char *treatment = getenv("SYSCALLS");
    unsigned mode = 0;

    if (treatment != NULL && sscanf(treatment, "%u %zu", &mode, &wrap.k) == 2)
        wrap.mode = (enum wrap_mode)mode;
}

/* Counts a call; whether it is the one to be treated, or comes after it. */
static bool wrap_reached(bool *first) {
    if (wrap.calls++ == 0)
        wrap_begin();
    *first = wrap.calls == wrap.k;
    return wrap.calls >= wrap.k;
}

static bool wrap_fails(bool unmaps) {
    bool first;
    bool reached = wrap_reached(&first);
    bool fails = (wrap.mode == WRAP_ONCE && first) || (wrap.mode == WRAP_ALL && reached) ||
                 (wrap.mode == WRAP_SCARCE && reached && !unmaps);

    if (fails) {
        wrap.failed++;
        errno = ENOMEM;
    }
    return fails;
}

/* Whether this fault is planted in this call. */
static bool wrap_plants(enum wrap_mode fault) {
    bool plants = wrap.mode == fault && wrap.calls == wrap.k;

    wrap.failed += plants;
    return plants;
}

void *__wrap_mmap(void *start, size_t bytes, int protection, int flags, int file, off_t offset) {
    void *place;

    if (wrap_fails(false))
        return MAP_FAILED;
    place = __real_mmap(start, bytes, protection, flags, file, offset);
    if (place != MAP_FAILED && (flags & MAP_FIXED) == 0)
        wrap.mapped += bytes;
    return place;
}

int __wrap_munmap(void *start, size_t bytes) {
    int result;

    if (wrap_fails(true)) {
        wrap.stranded += bytes;
        return -1;
    }
    if (wrap_plants(WRAP_LEAK))
        return 0;
    result = __real_munmap(start, bytes);
    if (result == 0)
        wrap.mapped -= bytes;
    return result;
}

static void *wrap_move(void *start, size_t bytes, size_t new_bytes, int flags, void *place) {
    void *moved = __real_mremap(start, bytes, new_bytes, flags, place);

    if (moved != MAP_FAILED)
        wrap.mapped -= bytes;
    return moved;
}

void *__wrap_mremap(void *start, size_t bytes, size_t new_bytes, int flags, ...) {
    va_list arguments;
    void *moved, *place;

    if (wrap_fails(false))
        return MAP_FAILED;
    va_start(arguments, flags);
    place = (flags & MREMAP_FIXED) != 0 ? va_arg(arguments, void *) : NULL;
    va_end(arguments);
    if (place != NULL) {
        moved = wrap_move(start, bytes, new_bytes, flags, place);
    } else {
        moved = __real_mremap(start, bytes, new_bytes, flags);
        wrap.mapped += moved != MAP_FAILED ? new_bytes - bytes : 0;
    }
    if (moved != MAP_FAILED && moved != start && wrap_plants(WRAP_LOSE))
        memset((char *)moved + WRAP_KEPT, 0, bytes - WRAP_KEPT);
    return moved;
}

int __wrap_mprotect(void *start, size_t bytes, int protection) {
    return wrap_fails(false) ? -1 : __real_mprotect(start, bytes, protection);
}

int __wrap_madvise(void *start, size_t bytes, int advice) {
    return wrap_fails(false) ? -1 : __real_madvise(start, bytes, advice);
}
// NOLINTEND(bugprone-reserved-identifier)
