/* HeapReAlloc: contents kept, sizes exact, growth zeroed on request, and blocks that must stay. */
#include "engine.h"

#include <string.h>

#define MIB ((size_t)1 << 20)

static HANDLE heap;

static int create_heap(void **state) {
    (void)state;
    heap = HeapCreate(0, 0, 0);
    return heap == NULL;
}

static int destroy_heap(void **state) {
    (void)state;
    return !HeapDestroy(heap);
}

static unsigned char pattern(size_t offset) {
    return (unsigned char)(offset * 7 + offset / 256 + 1);
}

static void fill(unsigned char *block, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        block[i] = pattern(i);
}

static bool keeps_pattern(const unsigned char *block, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (block[i] != pattern(i))
            return false;
    return true;
}

static bool is_zero(const unsigned char *block, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        if (block[i] != 0)
            return false;
    return true;
}

static void contents_survive_growth_and_shrinking(void **state) {
    static const size_t sizes[] = {1,      17,      16,      200,     5000,       4999,  33000,
                                   70000,  66000,   900000,  2 * MIB, 40 * MIB,   MIB,   3 * MIB,
                                   500000, 5 * MIB, 6 * MIB, 100,     MIB + 4097, 10000, 1};
    unsigned char *block = HeapAlloc(heap, 0, 0);
    size_t size = 0;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        block = HeapReAlloc(heap, 0, block, sizes[i]);
        assert_non_null(block);
        assert_true(keeps_pattern(block, size < sizes[i] ? size : sizes[i]));
        assert_int_equal(HeapSize(heap, 0, block), sizes[i]);
        size = sizes[i];
        fill(block, 0, size);
    }
    assert_true(HeapValidate(heap, 0, NULL));
}

/* Growing to `to` after shrinking to `kept` must show no byte of what stood there before. */
static void assert_growth_is_zeroed(HANDLE zeroing, DWORD flags, size_t kept, size_t to) {
    unsigned char *block = HeapAlloc(zeroing, 0, to);

    assert_non_null(block);
    fill(block, 0, to);
    block = HeapReAlloc(zeroing, 0, block, kept);
    assert_non_null(block);
    block = HeapReAlloc(zeroing, flags, block, to);
    assert_non_null(block);
    assert_true(keeps_pattern(block, kept));
    assert_true(is_zero(block, kept, to));
    assert_true(HeapFree(zeroing, 0, block));
}

static void growth_is_zeroed_past_the_requested_size(void **state) {
    static const size_t sizes[] = {30, 100, 300, 5000, 30000, 60000, 200000, 3 * MIB};
    HANDLE zeroing = HeapCreate(HEAP_ZERO_MEMORY, 0, 0);

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t kept = 0; kept < sizes[i]; kept = kept * 3 + 5) {
            assert_growth_is_zeroed(heap, HEAP_ZERO_MEMORY, kept, sizes[i]);
            assert_growth_is_zeroed(zeroing, 0, kept, sizes[i]);
        }
    assert_true(HeapDestroy(zeroing));
}

static void growth_into_used_memory_is_zeroed(void **state) {
    (void)state;
    for (size_t size = 50; size < 2 * MIB; size *= 3) {
        unsigned char *dirty = HeapAlloc(heap, 0, size * 3);
        unsigned char *block;
        fill(dirty, 0, size * 3);
        assert_true(HeapFree(heap, 0, dirty));
        block = HeapAlloc(heap, 0, size);
        fill(block, 0, size);
        block = HeapReAlloc(heap, HEAP_ZERO_MEMORY, block, size * 3);
        assert_non_null(block);
        assert_true(keeps_pattern(block, size));
        assert_true(is_zero(block, size, size * 3));
        assert_true(HeapFree(heap, 0, block));
    }
}

static void size_0_keeps_the_block(void **state) {
    void *block = HeapAlloc(heap, 0, 100);
    void *empty = HeapReAlloc(heap, 0, block, 0);

    (void)state;
    assert_non_null(empty);
    assert_int_equal(HeapSize(heap, 0, empty), 0);
    assert_true(HeapValidate(heap, 0, empty));
    assert_true(HeapFree(heap, 0, empty));
}

static void null_is_refused_without_an_error(void **state) {
    void *block;

    (void)state;
    SetLastError(12345);
    block = HeapReAlloc(heap, 0, NULL, 100);
    assert_promise("realloc.null_sets_no_error", GetLastError() == ERROR_SUCCESS);
    assert_null(block);
}

static void a_small_block_shrinks_and_grows_back_in_place(void **state) {
    (void)state;
    for (size_t size = 1; size < 32768; size = size * 2 + 3) {
        unsigned char *block = HeapAlloc(heap, 0, size);
        for (size_t part = 0; part <= size; part += size / 5 + 1) {
            fill(block, 0, size);
            assert_ptr_equal(HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, part), block);
            assert_int_equal(HeapSize(heap, 0, block), part);
            assert_ptr_equal(HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, size), block);
            assert_int_equal(HeapSize(heap, 0, block), size);
            assert_true(keeps_pattern(block, part));
        }
        assert_true(HeapValidate(heap, 0, NULL));
    }
}

static void a_large_block_shrinks_in_place(void **state) {
    unsigned char *block = HeapAlloc(heap, 0, 8 * MIB);
    size_t resident;

    (void)state;
    fill(block, 0, 8 * MIB);
    resident = engine_pages().resident;
    assert_ptr_equal(HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, MIB), block);
    assert_int_equal(HeapSize(heap, 0, block), MIB);
    assert_true(keeps_pattern(block, MIB));
    assert_promise("realloc.shrunk_pages_go_back",
                   engine_pages().resident + 6 * MIB / 4096 <= resident);
}

/* Small blocks stand between others of their class: eight times the size is not to be had. */
static void in_place_growth_that_would_move_is_refused(void **state) {
    unsigned char *blocks[3];

    (void)state;
    for (size_t size = 64; size <= 1024; size *= 4) {
        for (int i = 0; i < 3; i++) {
            blocks[i] = HeapAlloc(heap, 0, size);
            fill(blocks[i], 0, size);
        }
        for (int i = 0; i < 2; i++) {
            SetLastError(0);
            assert_null(HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, blocks[i], size * 8));
            assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
            assert_int_equal(HeapSize(heap, 0, blocks[i]), size);
            assert_true(keeps_pattern(blocks[i], size));
        }
    }
}

static void in_place_growth_never_moves(void **state) {
    (void)state;
    for (size_t size = 100; size < 4 * MIB; size *= 2) {
        unsigned char *block = HeapAlloc(heap, 0, size);
        void *grown = HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, size * 2);
        assert_true(grown == NULL || grown == block);
        assert_int_equal(HeapSize(heap, 0, block), grown == NULL ? size : size * 2);
        assert_true(HeapFree(heap, 0, block));
    }
}

static void sizes_that_no_machine_has_are_refused(void **state) {
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 4095, SIZE_MAX / 2, (size_t)1 << 47};
    static const size_t kinds[] = {100, 100000, 3 * MIB};

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        unsigned char *block = HeapAlloc(heap, 0, kinds[k]);
        fill(block, 0, kinds[k]);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            SetLastError(0);
            assert_null(HeapReAlloc(heap, 0, block, sizes[i]));
            assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
        }
        assert_int_equal(HeapSize(heap, 0, block), kinds[k]);
        assert_true(keeps_pattern(block, kinds[k]));
    }
    assert_true(HeapValidate(heap, 0, NULL));
}

static bool is_refused(void *block) {
    SetLastError(0);
    return HeapReAlloc(heap, 0, block, 10) == NULL && GetLastError() == ERROR_INVALID_PARAMETER;
}

static void what_is_no_block_is_refused(void **state) {
    HANDLE other = HeapCreate(0, 0, 0);
    char *block = HeapAlloc(heap, 0, 100);
    void *foreign = HeapAlloc(other, 0, 100);
    int local;

    (void)state;
    assert_promise("realloc.readable_memory_is_no_block", is_refused(&local));
    assert_promise("realloc.an_interior_pointer_is_refused", is_refused(block + 16));
    assert_promise("realloc.another_heaps_block_is_refused", is_refused(foreign));
    assert_promise("realloc.any_address_is_no_block",
                   is_refused((void *)UINTPTR_MAX) && is_refused((void *)0x800000000000));
    assert_true(HeapFree(heap, 0, block));
    assert_promise("realloc.a_freed_block_is_refused", is_refused(block));
    assert_true(HeapDestroy(other));
}

static void a_bad_handle_is_refused(void **state) {
    void *block = HeapAlloc(heap, 0, 10);

    (void)state;
    SetLastError(0);
    assert_null(HeapReAlloc(NULL, 0, block, 20));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
}

static bool a_block_is_none_when_it_has_moved(size_t size) {
    void *block = HeapAlloc(heap, 0, size);
    void *keep = HeapAlloc(heap, 0, size); /* behind it, so that it cannot grow in place */
    void *moved = HeapReAlloc(heap, 0, block, size * 8);
    bool refused = moved == block || is_refused(block);

    return refused && moved != NULL && HeapFree(heap, 0, moved) && HeapFree(heap, 0, keep);
}

static void a_moved_block_is_no_block_any_more(void **state) {
    (void)state;
    for (size_t size = 64; size < MIB / 8; size *= 8)
        assert_true(a_block_is_none_when_it_has_moved(size));
    assert_promise("realloc.a_moved_large_block_is_refused",
                   a_block_is_none_when_it_has_moved(MIB));
}

/* A block that grows step by step, as a string buffer does, through every kind of block. */
static void growth_by_half_reaches_64_mib(void **state) {
    size_t size = 16;
    unsigned char *block = HeapAlloc(heap, 0, size);

    (void)state;
    memset(block, 'a', size);
    while (size < 64 * MIB) {
        size_t larger = size + size / 2;
        block = HeapReAlloc(heap, 0, block, larger);
        assert_non_null(block);
        assert_int_equal(block[0], 'a');
        assert_int_equal(block[size - 1], 'a');
        memset(block + size, 'a', larger - size);
        size = larger;
    }
    assert_true(HeapValidate(heap, 0, NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(realloc, TEST(contents_survive_growth_and_shrinking),
             TEST(growth_is_zeroed_past_the_requested_size),
             TEST(growth_into_used_memory_is_zeroed), TEST(size_0_keeps_the_block),
             TEST(null_is_refused_without_an_error),
             TEST(a_small_block_shrinks_and_grows_back_in_place),
             TEST(a_large_block_shrinks_in_place), TEST(in_place_growth_that_would_move_is_refused),
             TEST(in_place_growth_never_moves), TEST(sizes_that_no_machine_has_are_refused),
             TEST(what_is_no_block_is_refused), TEST(a_bad_handle_is_refused),
             TEST(a_moved_block_is_no_block_any_more), TEST(growth_by_half_reaches_64_mib))
