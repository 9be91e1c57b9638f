/* HeapCompact: unused pages go back to the system, and the largest block is told that need not. */
#include "engine.h"

#include <string.h>

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

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

/* 64 MiB in blocks of one size, linked. */
static void **make_blocks(size_t size) {
    void **last = NULL;

    for (size_t bytes = 0; bytes < 64 * MIB; bytes += size) {
        void **block = HeapAlloc(heap, 0, size);
        assert_non_null(block);
        memset(block, 1, size);
        *block = (void *)last;
        last = block;
    }
    return last;
}

/* Frees all but every keep-th block, or all for 0; returns what is left. */
static void **free_blocks(void **last, size_t keep) {
    void **kept = NULL;

    for (size_t i = 1; last != NULL; i++) {
        void **previous = *last;
        if (keep != 0 && i % keep == 0) {
            *last = (void *)kept;
            kept = last;
        } else {
            assert_true(HeapFree(heap, 0, last));
        }
        last = previous;
    }
    return kept;
}

static void unused_pages_go_back_to_the_system(void **state) {
    static const size_t sizes[] = {100, 3000, 20000, 100000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t before = engine_pages().resident;
        free_blocks(make_blocks(sizes[i]), 0);
        HeapCompact(heap, 0);
        assert_promise("compact.returns_pages", engine_pages().resident <= before + 8 * MIB / 4096);
        assert_true(HeapValidate(heap, 0, NULL));
    }
}

/* A block is left of each 2 MiB. */
static void pages_between_live_blocks_go_back_too(void **state) {
    size_t before = engine_pages().resident;
    void **kept = free_blocks(make_blocks(16 * KIB), 128);

    (void)state;
    HeapCompact(heap, 0);
    assert_promise("compact.returns_pages_between_blocks",
                   engine_pages().resident <= before + 16 * MIB / 4096);
    for (; kept != NULL; kept = *kept)
        assert_int_equal(((char *)kept)[16 * KIB - 1], 1);
    assert_true(HeapValidate(heap, 0, NULL));
}

static bool is_zero(const unsigned char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void a_compacted_heap_serves_as_before(void **state) {
    (void)state;
    free_blocks(make_blocks(5000), 7);
    HeapCompact(heap, 0);
    for (size_t size = 1; size < MIB; size = size * 3 / 2 + 1) {
        unsigned char *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, size);
        assert_non_null(block);
        assert_true(is_zero(block, size));
        memset(block, 0xEE, size);
    }
    assert_true(HeapValidate(heap, 0, NULL));
}

static void the_largest_free_block_is_told(void **state) {
    static const size_t sizes[] = {100, 1000, 3000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *blocks[3];
        size_t largest;
        for (int j = 0; j < 3; j++)
            blocks[j] = HeapAlloc(heap, 0, sizes[i]);
        assert_true(HeapFree(heap, 0, blocks[1]));
        SetLastError(12345);
        largest = HeapCompact(heap, 0);
        assert_promise("compact.largest_free_block",
                       largest >= sizes[i] && GetLastError() == 12345);
    }
}

/* Allocates until the heap refuses, as one of 1 MiB must; returns how often it did not. */
static size_t fill(HANDLE full, size_t size) {
    size_t count = 0;

    for (; HeapAlloc(full, 0, size) != NULL; count++)
        assert_true(count * size <= MIB);
    return count;
}

static void a_full_heap_has_no_free_block(void **state) {
    HANDLE full = HeapCreate(0, 0, MIB);

    (void)state;
    assert_true(fill(full, 16) >= MIB / 4 / 16);
    SetLastError(12345);
    assert_promise("compact.full_is_no_error",
                   HeapCompact(full, 0) == 0 && GetLastError() == ERROR_SUCCESS);
    assert_true(HeapValidate(full, 0, NULL));
    assert_true(HeapDestroy(full));
}

/* What is told can be had, though not a byte more fits the heap. */
static void what_is_told_can_be_allocated(void **state) {
    HANDLE full = HeapCreate(0, 0, MIB);
    void *block = HeapAlloc(full, 0, 2000);
    size_t largest;

    (void)state;
    fill(full, 2000);
    fill(full, 16);
    assert_true(HeapFree(full, 0, block));
    largest = HeapCompact(full, 0);
    assert_true(largest == 0 || HeapAlloc(full, 0, largest) != NULL);
    assert_true(HeapDestroy(full));
}

static void what_is_no_heap_cannot_be_compacted(void **state) {
    HANDLE dead = HeapCreate(0, 0, 0);
    const HANDLE handles[] = {NULL, dead, (char *)heap + 16};

    (void)state;
    assert_true(HeapDestroy(dead));
    for (int i = 0; i < 3; i++) {
        SetLastError(0);
        assert_promise("compact.what_is_no_heap_is_refused",
                       HeapCompact(handles[i], 0) == 0 && GetLastError() == ERROR_INVALID_HANDLE);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(compact, TEST(unused_pages_go_back_to_the_system),
             TEST(pages_between_live_blocks_go_back_too), TEST(a_compacted_heap_serves_as_before),
             TEST(the_largest_free_block_is_told), TEST(a_full_heap_has_no_free_block),
             TEST(what_is_told_can_be_allocated), TEST(what_is_no_heap_cannot_be_compacted))
