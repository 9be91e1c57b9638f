/*
 * libwinheap-preload.so: the malloc family over the process heap of the native engine.
 *
 * Preloaded (LD_PRELOAD) it serves every malloc, calloc, realloc, reallocarray, free,
 * posix_memalign, aligned_alloc, memalign, valloc, pvalloc and malloc_usable_size of a program and
 * its libraries, and so C++'s new and delete. It exports the heap API as well: to the program,
 * GetProcessHeap() is the heap that its blocks are in.
 *
 * Semantics are those of glibc 2.36 but for two. malloc_usable_size is the size that was asked for,
 * not what the block could hold. And every pointer given to free, realloc or malloc_usable_size is
 * checked: what is no live block ends the program with one line on stderr, as does a double free.
 *
 * mallopt, mallinfo, malloc_trim and the rest of malloc.h remain glibc's and speak of its arenas,
 * which nobody uses.
 */
#include "aligned.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a pointer that is no block ---- */

static char *preload_hexadecimal(char *text, uintptr_t value) {
    int shift = 60;

    while (shift > 0 && value >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *text++ = "0123456789abcdef"[value >> shift & 15];
    return text;
}

/* By write: whatever is broken here, stdio would allocate. */
static _Noreturn void preload_refuse(const char *function, const void *pointer) {
    char line[96];
    char *end = stpcpy(stpcpy(stpcpy(line, "winheap: "), function), "(): not a live block: 0x");

    end = preload_hexadecimal(end, (uintptr_t)pointer);
    *end++ = '\n';
    (void)!write(STDERR_FILENO, line, (size_t)(end - line));
    abort();
}

/* ---- the family ---- */

static void *preload_or_enomem(void *block) {
    if (unlikely(block == NULL))
        errno = ENOMEM;
    return block;
}

/* glibc's names of parameters are reserved ones. */
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)

WINHEAP_API void *malloc(size_t size) {
    return preload_or_enomem(HeapAlloc(GetProcessHeap(), 0, size));
}

WINHEAP_API void *calloc(size_t count, size_t size) {
    size_t bytes;

    if (unlikely(__builtin_mul_overflow(count, size, &bytes)))
        bytes = SIZE_MAX; /* which no heap has */
    return preload_or_enomem(HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, bytes));
}

/* The engine's system calls may set errno; POSIX has free leave it alone. */
WINHEAP_API void free(void *block) {
    int error = errno;

    if (unlikely(!HeapFree(GetProcessHeap(), 0, block)))
        preload_refuse("free", block);
    errno = error;
}

WINHEAP_API void *realloc(void *block, size_t size) {
    void *resized;

    if (block == NULL)
        return malloc(size);
    if (size == 0) {
        free(block);
        return NULL;
    }
    resized = HeapReAlloc(GetProcessHeap(), 0, block, size);
    if (unlikely(resized == NULL) && GetLastError() == ERROR_INVALID_PARAMETER)
        preload_refuse("realloc", block);
    return preload_or_enomem(resized);
}

WINHEAP_API void *reallocarray(void *block, size_t count, size_t size) {
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return preload_or_enomem(NULL);
    return realloc(block, bytes);
}

WINHEAP_API size_t malloc_usable_size(void *block) {
    size_t size = block == NULL ? 0 : HeapSize(GetProcessHeap(), 0, block);

    if (unlikely(size == (size_t)-1))
        preload_refuse("malloc_usable_size", block);
    return size;
}

/* ---- aligned blocks ---- */

static bool preload_is_power(size_t alignment) {
    return alignment != 0 && (alignment & (alignment - 1)) == 0;
}

WINHEAP_API int posix_memalign(void **result, size_t alignment, size_t size) {
    int error = errno;
    void *block;

    if (!preload_is_power(alignment) || alignment < sizeof(void *))
        return EINVAL;
    block = aligned_new(alignment, size);
    errno = error;
    if (block == NULL)
        return ENOMEM;
    *result = block;
    return 0;
}

/* As in glibc, an alignment that is no power of two is taken for the next one. */
WINHEAP_API void *memalign(size_t alignment, size_t size) {
    size_t power = 1;

    if (alignment > SIZE_MAX / 2 + 1) {
        errno = EINVAL;
        return NULL;
    }
    while (power < alignment)
        power *= 2;
    return preload_or_enomem(aligned_new(power, size));
}

WINHEAP_API void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

WINHEAP_API void *valloc(size_t size) {
    return memalign(PAGE_BYTES, size);
}

WINHEAP_API void *pvalloc(size_t size) {
    if (size > SIZE_MAX - (PAGE_BYTES - 1))
        return preload_or_enomem(NULL);
    return memalign(PAGE_BYTES, (size + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1));
}

// NOLINTEND(readability-inconsistent-declaration-parameter-name)
