/* HeapAlloc: alignment, distinct blocks, zeroing, and the sizes it refuses. */
#include "engine.h"

#include <string.h>

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

static void blocks_are_16_aligned(void **state) {
    (void)state;
    for (size_t size = 0; size < 70000; size += size < 2100 ? 1 : 509) {
        void *block = HeapAlloc(heap, 0, size);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 16, 0);
    }
}

static void large_blocks_are_64_aligned(void **state) {
    uintptr_t low_bits = 0;

    (void)state;
    for (size_t size = 65536; size < ((size_t)1 << 25); size = size * 3 / 2) {
        void *block = HeapAlloc(heap, 0, size);
        assert_non_null(block);
        low_bits |= (uintptr_t)block % 64;
        assert_true(HeapFree(heap, 0, block));
    }
    assert_promise("alloc.large_64_aligned", low_bits == 0);
}

static void size_0_gives_unique_blocks(void **state) {
    void *blocks[100];

    (void)state;
    for (int i = 0; i < 100; i++) {
        blocks[i] = HeapAlloc(heap, 0, 0);
        assert_non_null(blocks[i]);
        assert_int_equal(HeapSize(heap, 0, blocks[i]), 0);
        for (int j = 0; j < i; j++)
            assert_ptr_not_equal(blocks[i], blocks[j]);
    }
}

/* Each block is filled to its last byte with its number; an overlap would overwrite one. */
static void blocks_do_not_overlap(void **state) {
    enum { COUNT = 3000 };
    static unsigned char *blocks[COUNT];
    static size_t sizes[COUNT];

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        sizes[i] = i % 50 == 0 ? (size_t)i * 100 : (size_t)i * 7 % 3000;
        blocks[i] = HeapAlloc(heap, 0, sizes[i]);
        assert_non_null(blocks[i]);
        memset(blocks[i], i & 255, sizes[i]);
    }
    for (int i = 0; i < COUNT; i++)
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(blocks[i][j], i & 255);
    assert_true(HeapValidate(heap, 0, NULL));
}

static bool is_zero(const unsigned char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void assert_recycled_memory_is_zeroed(HANDLE zeroing, DWORD flags) {
    for (size_t size = 1; size < ((size_t)3 << 20); size = size * 2 + 7) {
        void *dirty = HeapAlloc(zeroing, 0, size);
        unsigned char *block;
        assert_non_null(dirty);
        memset(dirty, 0xA5, size);
        assert_true(HeapFree(zeroing, 0, dirty));
        block = HeapAlloc(zeroing, flags, size);
        assert_non_null(block);
        assert_true(is_zero(block, size));
        memset(block, 0xA5, size);
        assert_true(HeapFree(zeroing, 0, block));
    }
}

static void zero_memory_flag_zeroes(void **state) {
    (void)state;
    assert_recycled_memory_is_zeroed(heap, HEAP_ZERO_MEMORY);
}

static void zero_memory_option_zeroes(void **state) {
    static const DWORD options[] = {HEAP_ZERO_MEMORY, HEAP_ZERO_MEMORY | HEAP_NO_SERIALIZE};

    (void)state;
    for (int i = 0; i < 2; i++) {
        HANDLE zeroing = HeapCreate(options[i], 0, 0);
        assert_recycled_memory_is_zeroed(zeroing, 0);
        assert_true(HeapDestroy(zeroing));
    }
}

static void sizes_that_no_machine_has_are_refused(void **state) {
    static const size_t sizes[] = {SIZE_MAX,     SIZE_MAX - 15,       SIZE_MAX - 4095,
                                   SIZE_MAX / 2, SIZE_MAX - 0x7FFFFF, (size_t)1 << 47};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        SetLastError(0);
        assert_null(HeapAlloc(heap, 0, sizes[i]));
        assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    }
    assert_true(HeapValidate(heap, 0, NULL));
}

static bool is_no_heap(HANDLE handle) {
    SetLastError(0);
    return HeapAlloc(handle, 0, 10) == NULL && GetLastError() == ERROR_INVALID_HANDLE;
}

static void a_bad_handle_is_refused(void **state) {
    (void)state;
    assert_true(is_no_heap(NULL));
    assert_promise("alloc.any_value_is_no_heap",
                   is_no_heap((HANDLE)1) && is_no_heap((HANDLE)0x10000) &&
                       is_no_heap((HANDLE)0x12345678) && is_no_heap((HANDLE)UINTPTR_MAX));
}

static void unknown_flags_are_ignored(void **state) {
    void *block = HeapAlloc(heap, 0x80000000u | 0x7F00u, 100);

    (void)state;
    assert_non_null(block);
    assert_true(HeapFree(heap, 0x80000000u, block));
}

static void success_leaves_the_last_error_alone(void **state) {
    (void)state;
    SetLastError(12345);
    for (size_t size = 0; size < 5000000; size = size * 3 + 1)
        assert_non_null(HeapAlloc(heap, 0, size));
    assert_int_equal(GetLastError(), 12345);
}

/* Freed memory must serve again: 100,000 pairs of each size fit in what one block needs. */
static void freed_memory_is_used_again(void **state) {
    size_t before = engine_pages().resident;

    (void)state;
    for (size_t size = 16; size < 100000; size *= 4)
        for (int i = 0; i < 100000; i++) {
            char *block = HeapAlloc(heap, 0, size);
            assert_non_null(block);
            block[size - 1] = 1;
            assert_true(HeapFree(heap, 0, block));
        }
    assert_true(engine_pages().resident < before + 16 * 256);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(alloc, TEST(blocks_are_16_aligned), TEST(large_blocks_are_64_aligned),
             TEST(size_0_gives_unique_blocks), TEST(blocks_do_not_overlap),
             TEST(zero_memory_flag_zeroes), TEST(zero_memory_option_zeroes),
             TEST(sizes_that_no_machine_has_are_refused), TEST(a_bad_handle_is_refused),
             TEST(unknown_flags_are_ignored), TEST(success_leaves_the_last_error_alone),
             TEST(freed_memory_is_used_again))
