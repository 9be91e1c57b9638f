/* HeapSize: the exact requested size of every live block, and nothing else. */
#include "engine.h"

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

static void assert_exact(size_t size) {
    void *block = HeapAlloc(heap, 0, size);

    assert_non_null(block);
    assert_int_equal(HeapSize(heap, 0, block), size);
    assert_true(HeapFree(heap, 0, block));
}

static void every_small_size_is_exact(void **state) {
    (void)state;
    for (size_t size = 0; size <= 40000; size++)
        assert_exact(size);
}

static void sizes_around_powers_of_two_are_exact(void **state) {
    (void)state;
    for (size_t power = 1024; power <= ((size_t)1 << 26); power *= 2)
        for (size_t off = 0; off < 40; off++)
            assert_exact(power + off - 20);
}

static void size_follows_reallocation_in_both_directions(void **state) {
    static const size_t sizes[] = {100, 7, 0, 112, 5000, 4700, 1, 300000, 40000, 3000000, 3, 9};
    void *block = HeapAlloc(heap, 0, 1);

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        block = HeapReAlloc(heap, 0, block, sizes[i]);
        assert_non_null(block);
        assert_int_equal(HeapSize(heap, 0, block), sizes[i]);
    }
}

static bool has_no_size(const void *block) {
    SetLastError(0);
    return HeapSize(heap, 0, block) == (SIZE_T)-1 && GetLastError() == ERROR_INVALID_PARAMETER;
}

static void what_is_no_block_has_no_size(void **state) {
    char *block = HeapAlloc(heap, 0, 100);
    int local = 0;

    (void)state;
    assert_promise("size.null_has_none", has_no_size(NULL));
    assert_true(has_no_size(&local));
    assert_true(has_no_size(block + 1));
    assert_true(has_no_size(block + 16));
    assert_promise("size.any_address_has_none",
                   has_no_size((void *)0x800000000000) && has_no_size((void *)UINTPTR_MAX));
    assert_true(HeapFree(heap, 0, block));
    assert_true(has_no_size(block));
}

static void a_bad_handle_has_no_size(void **state) {
    void *block = HeapAlloc(heap, 0, 100);

    (void)state;
    SetLastError(0);
    assert_true(HeapSize(NULL, 0, block) == (SIZE_T)-1);
    assert_promise("size.a_bad_handle_is_the_error", GetLastError() == ERROR_INVALID_HANDLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(size, TEST(every_small_size_is_exact), TEST(sizes_around_powers_of_two_are_exact),
             TEST(size_follows_reallocation_in_both_directions), TEST(what_is_no_block_has_no_size),
             TEST(a_bad_handle_has_no_size))
