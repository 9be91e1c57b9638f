/* winheap_lua_alloc as Lua's manual describes a lua_Alloc, call by call. */
#include "engine.h"

#include <string.h>

#define MAX ((size_t)2 << 20)
#define LE_BEFORE 12345u

static HANDLE heap;

static int create_heap(void **state) {
    (void)state;
    heap = HeapCreate(0, 0, MAX);
    SetLastError(LE_BEFORE);
    return heap == NULL;
}

static int destroy_heap(void **state) {
    (void)state;
    return !HeapDestroy(heap);
}

/* Lua says by the old size what kind of object it makes: it is more than the new one's size. */
static void a_new_block_has_the_new_size(void **state) {
    void *block = winheap_lua_alloc(heap, NULL, 0, 100);
    void *small = winheap_lua_alloc(heap, NULL, 8, 1);

    (void)state;
    assert_int_equal(HeapSize(heap, 0, block), 100);
    assert_int_equal(HeapSize(heap, 0, small), 1);
    assert_int_equal(GetLastError(), LE_BEFORE);
}

static void no_bytes_free_the_block(void **state) {
    void *block = winheap_lua_alloc(heap, NULL, 0, 100);

    (void)state;
    assert_null(winheap_lua_alloc(heap, block, 100, 0));
    assert_false(HeapValidate(heap, 0, block));
    assert_null(winheap_lua_alloc(heap, NULL, 0, 0));
    assert_null(winheap_lua_alloc(heap, NULL, 5, 0));
    assert_int_equal(GetLastError(), LE_BEFORE);
}

/* What a heap with a maximum serves for certain. */
static size_t largest(void) {
    return engine_differs("limits.any_block_that_fits") ? 0x7FFF8 : MAX;
}

static void contents_are_kept_up_to_the_smaller_size(void **state) {
    static const size_t sizes[] = {50, 4000, 300000, 70, 1500000, 100, 16};
    char *block = winheap_lua_alloc(heap, NULL, 0, 10);
    size_t old_size = 10;

    (void)state;
    memset(block, 'a', 10);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (sizes[i] > largest())
            continue;
        block = winheap_lua_alloc(heap, block, old_size, sizes[i]);
        assert_non_null(block);
        assert_memory_equal(block, "aaaaaaaaaa", 10);
        block[sizes[i] - 1] = 'b';
        old_size = sizes[i];
    }
    assert_int_equal(GetLastError(), LE_BEFORE);
    assert_true(HeapValidate(heap, 0, NULL));
}

static void growing_past_the_maximum_leaves_the_block(void **state) {
    char *block = winheap_lua_alloc(heap, NULL, 0, 1000);

    (void)state;
    memset(block, 'a', 1000);
    assert_null(winheap_lua_alloc(heap, block, 1000, MAX + 1));
    assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    assert_int_equal(HeapSize(heap, 0, block), 1000);
    assert_int_equal(block[999], 'a');
    assert_null(winheap_lua_alloc(heap, NULL, 0, MAX + 1));
}

/* An engine without a limit would not end a loop that waits for it. */
static void fill_heap(size_t size) {
    for (size_t bytes = 0; bytes <= MAX && HeapAlloc(heap, 0, size) != NULL; bytes += size)
        ;
}

/* No room is left for a second block: what shrinks by moving must do without. */
static void shrinking_never_fails_in_a_full_heap(void **state) {
    static const size_t sizes[] = {64, 1000, 5000, 40000, 200000, 1200000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && sizes[i] <= largest(); i++)
        for (size_t size = sizes[i]; size > 1; size = size * 2 / 3) {
            char *block = winheap_lua_alloc(heap, NULL, 0, sizes[i]);
            assert_non_null(block);
            block[0] = 'a';
            fill_heap(sizes[i]);
            fill_heap(16);
            block = winheap_lua_alloc(heap, block, sizes[i], size);
            assert_non_null(block);
            assert_int_equal(block[0], 'a');
            assert_true(HeapDestroy(heap));
            heap = HeapCreate(0, 0, MAX);
        }
}

static void a_block_of_another_heap_is_refused(void **state) {
    HANDLE other = HeapCreate(0, 0, MAX);
    void *block = winheap_lua_alloc(other, NULL, 0, 100);

    (void)state;
    assert_null(winheap_lua_alloc(heap, block, 100, 50));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_int_equal(HeapSize(other, 0, block), 100);
    assert_true(HeapDestroy(other));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(lua_alloc, TEST(a_new_block_has_the_new_size), TEST(no_bytes_free_the_block),
             TEST(contents_are_kept_up_to_the_smaller_size),
             TEST(growing_past_the_maximum_leaves_the_block),
             TEST(shrinking_never_fails_in_a_full_heap), TEST(a_block_of_another_heap_is_refused))
