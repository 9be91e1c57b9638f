/*
 * What programs rely on in the malloc family of glibc 2.36. Runs on glibc's own too: a promise that
 * glibc does not keep is none.
 */
#include "family.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sizes on both sides of every way to get a block: small classes, runs, mappings. */
static const size_t sizes[] = {0,     1,     15,     16,      17,      100,     1000,    4096,
                               32768, 32769, 100000, 1048576, 1048577, 5000000, 20000000};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static void *const untouched = (void *)(uintptr_t)0x1234;

static const size_t beyond_memory = SIZE_MAX / 2 - 100, half = SIZE_MAX / 2 + 2, all = SIZE_MAX;

static bool filled_with(const unsigned char *block, int value, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (block[i] != value)
            return false;
    return true;
}

static bool is_aligned(const void *block, size_t alignment) {
    return (uintptr_t)block % alignment == 0;
}

static void malloc_gives_distinct_aligned_blocks(void **state) {
    unsigned char *blocks[SIZES];

    (void)state;
    for (int i = 0; i < SIZES; i++) {
        blocks[i] = family.malloc(sizes[i]);
        assert_non_null(blocks[i]);
        assert_true(is_aligned(blocks[i], 16));
        assert_true(family.malloc_usable_size(blocks[i]) >= sizes[i]);
        memset(blocks[i], i + 1, sizes[i]);
    }
    for (int i = 0; i < SIZES; i++) {
        assert_true(filled_with(blocks[i], i + 1, sizes[i]));
        family.free(blocks[i]);
    }
}

static void blocks_of_nothing_are_unique(void **state) {
    void *first = family.malloc(0), *second = family.calloc(0, 8), *third = family.realloc(NULL, 0);

    (void)state;
    assert_non_null(first);
    assert_non_null(second);
    assert_non_null(third);
    assert_true(first != second && second != third && first != third);
    family.free(first);
    family.free(second);
    family.free(third);
}

static void calloc_clears_what_was_used(void **state) {
    (void)state;
    for (int i = 0; i < SIZES; i++) {
        unsigned char *block = family.malloc(sizes[i]);
        memset(block, 0xFF, sizes[i]);
        family.free(block);
        block = family.calloc(sizes[i], 1);
        assert_non_null(block);
        assert_true(filled_with(block, 0, sizes[i]));
        family.free(block);
    }
}

static void sizes_that_nobody_has_are_refused(void **state) {
    void *block = untouched;

    (void)state;
    errno = 0;
    assert_null(family.malloc(beyond_memory));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(family.malloc(all));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(family.calloc(half, 2));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(family.reallocarray(NULL, half, 2));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(family.memalign(64, all));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(family.pvalloc(all));
    assert_int_equal(errno, ENOMEM);
    assert_int_equal(family.posix_memalign(&block, 64, beyond_memory), ENOMEM);
    assert_ptr_equal(block, untouched);
}

static void realloc_keeps_contents(void **state) {
    (void)state;
    for (int from = 0; from < SIZES; from++)
        for (int to = 1; to < SIZES; to++) {
            size_t smaller = sizes[from] < sizes[to] ? sizes[from] : sizes[to];
            unsigned char *block = family.malloc(sizes[from]);
            memset(block, 0xA5, sizes[from]);
            block = family.realloc(block, sizes[to]);
            assert_non_null(block);
            assert_true(family.malloc_usable_size(block) >= sizes[to]);
            assert_true(filled_with(block, 0xA5, smaller));
            memset(block, 0x5A, sizes[to]);
            family.free(block);
        }
}

static void realloc_without_a_block_allocates(void **state) {
    unsigned char *block = family.realloc(NULL, 100);

    (void)state;
    assert_non_null(block);
    memset(block, 1, 100);
    block = family.reallocarray(block, 100, 100);
    assert_non_null(block);
    assert_true(filled_with(block, 1, 100));
    family.free(block);
}

static void realloc_to_nothing_frees(void **state) {
    (void)state;
    errno = 0;
    assert_null(family.realloc(malloc(100), 0));
    assert_null(family.reallocarray(malloc(100000), 0, 10));
    assert_int_equal(errno, 0);
}

static void a_refused_realloc_leaves_the_block(void **state) {
    unsigned char *block = family.malloc(1000);

    (void)state;
    memset(block, 7, 1000);
    errno = 0;
    assert_null(family.realloc(block, beyond_memory));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(family.reallocarray(block, half, 2));
    assert_int_equal(errno, ENOMEM);
    assert_true(filled_with(block, 7, 1000));
    family.free(block);
}

static void free_leaves_errno_alone(void **state) {
    (void)state;
    errno = EILSEQ;
    for (int i = 0; i < SIZES; i++) {
        void *block = family.malloc(sizes[i]);
        errno = EILSEQ;
        family.free(block);
        assert_int_equal(errno, EILSEQ);
    }
    family.free(NULL);
    assert_int_equal(errno, EILSEQ);
    assert_int_equal(family.malloc_usable_size(NULL), 0);
}

static void check_aligned(void *block, size_t alignment, size_t size) {
    assert_non_null(block);
    assert_true(is_aligned(block, alignment));
    assert_true(family.malloc_usable_size(block) >= size);
    memset(block, 0x3C, size);
    block = family.realloc(block, size + 10000);
    assert_non_null(block);
    assert_true(filled_with(block, 0x3C, size));
    family.free(block);
}

static void aligned_blocks_are_blocks(void **state) {
    (void)state;
    for (size_t alignment = sizeof(void *); alignment <= (size_t)16 << 20; alignment *= 2)
        for (int i = 0; i < SIZES; i++) {
            void *block = untouched;
            assert_int_equal(family.posix_memalign(&block, alignment, sizes[i]), 0);
            check_aligned(block, alignment, sizes[i]);
            check_aligned(family.memalign(alignment, sizes[i]), alignment, sizes[i]);
            check_aligned(family.aligned_alloc(alignment, sizes[i]), alignment, sizes[i]);
        }
}

static void aligned_blocks_do_not_overlap(void **state) {
    enum { BLOCKS = 300 };
    unsigned char *blocks[BLOCKS];

    (void)state;
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = family.memalign((size_t)16 << i % 14, 1 + i * 7);
        assert_non_null(blocks[i]);
        memset(blocks[i], (int)(i & 0xFF), 1 + i * 7);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        assert_true(filled_with(blocks[i], (int)(i & 0xFF), 1 + i * 7));
        family.free(blocks[i]);
    }
}

static void posix_memalign_refuses_other_alignments(void **state) {
    static const size_t wrong[] = {0, 1, 2, 3, 4, 12, 24, 4097, SIZE_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        void *block = untouched;
        assert_int_equal(family.posix_memalign(&block, wrong[i], 100), EINVAL);
        assert_ptr_equal(block, untouched);
    }
}

static void memalign_takes_the_next_power_of_two(void **state) {
    static const size_t odd[] = {0, 1, 3, 24, 48, 4097, 40000};
    static const size_t powers[] = {1, 1, 4, 32, 64, 8192, 65536};

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        check_aligned(family.memalign(odd[i], 100), powers[i], 100);
        check_aligned(family.aligned_alloc(odd[i], 100), powers[i], 100);
    }
    errno = 0;
    assert_null(family.memalign(all, 1));
    assert_int_equal(errno, EINVAL);
}

static void page_aligned_blocks(void **state) {
    void *block = family.pvalloc(4097);

    (void)state;
    assert_true(family.malloc_usable_size(block) >= 8192);
    check_aligned(block, 4096, 8192);
    check_aligned(family.pvalloc(0), 4096, 0);
    check_aligned(family.valloc(100), 4096, 100);
}

/* A block of the C library's own is one of ours. */
static void the_c_library_allocates_here(void **state) {
    char *line = NULL, *text = NULL;
    size_t room = 0;
    FILE *stream = open_memstream(&text, &room);

    (void)state;
    fprintf(stream, "%s\n", "a line");
    fclose(stream);
    stream = fmemopen(text, strlen(text), "r");
    room = 0;
    assert_int_equal(getline(&line, &room, stream), 7);
    fclose(stream);
    family.free(text);
    line = family.realloc(line, 100000);
    assert_string_equal(line, "a line\n");
    family.free(line);
}

static void *symbol(void *library, const char *name) {
    void *address = dlsym(library, name);

    if (address == NULL)
        fail_msg("%s", dlerror());
    return address;
}

/* Through the mangled names: new, new with an alignment, and delete of both. */
static void new_and_delete(void **state) {
    void *library = dlopen("libstdc++.so.6", RTLD_NOW);
    void *(*new_plain)(size_t);
    void *(*new_aligned)(size_t, size_t);
    void (*delete_plain)(void *), (*delete_aligned)(void *, size_t);
    void *block;

    (void)state;
    assert_non_null(library);
    *(void **)&new_plain = symbol(library, "_Znwm");
    *(void **)&new_aligned = symbol(library, "_ZnwmSt11align_val_t");
    *(void **)&delete_plain = symbol(library, "_ZdlPv");
    *(void **)&delete_aligned = symbol(library, "_ZdlPvSt11align_val_t");
    block = new_plain(100);
    assert_true(family.malloc_usable_size(block) >= 100);
    delete_plain(block);
    block = new_aligned(100, 256);
    assert_true(is_aligned(block, 256));
    assert_true(family.malloc_usable_size(block) >= 100);
    delete_aligned(block, 256);
    delete_plain(new_plain(5000000));
    delete_plain(NULL);
    dlclose(library);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malloc_gives_distinct_aligned_blocks),
        cmocka_unit_test(blocks_of_nothing_are_unique),
        cmocka_unit_test(calloc_clears_what_was_used),
        cmocka_unit_test(sizes_that_nobody_has_are_refused),
        cmocka_unit_test(realloc_keeps_contents),
        cmocka_unit_test(realloc_without_a_block_allocates),
        cmocka_unit_test(realloc_to_nothing_frees),
        cmocka_unit_test(a_refused_realloc_leaves_the_block),
        cmocka_unit_test(free_leaves_errno_alone),
        cmocka_unit_test(aligned_blocks_are_blocks),
        cmocka_unit_test(aligned_blocks_do_not_overlap),
        cmocka_unit_test(posix_memalign_refuses_other_alignments),
        cmocka_unit_test(memalign_takes_the_next_power_of_two),
        cmocka_unit_test(page_aligned_blocks),
        cmocka_unit_test(the_c_library_allocates_here),
        cmocka_unit_test(new_and_delete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
