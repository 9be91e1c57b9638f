/* HeapFree: releases live blocks, refuses everything else and changes nothing when it does. */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

static const size_t kinds[] = {1, 24, 64, 240, 1000, 4096, 5000, 32768, 40000, 1048576, 3000000};
#define KINDS (sizeof kinds / sizeof kinds[0])

static HANDLE heap;

static int create_heap(void **state) {
    (void)state;
    heap = HeapCreate(0, 0, 0);
    return heap == NULL;
}

static int create_unserialized(void **state) {
    (void)state;
    heap = HeapCreate(HEAP_NO_SERIALIZE, 0, 0);
    return heap == NULL;
}

static int destroy_heap(void **state) {
    (void)state;
    return !HeapDestroy(heap);
}

static bool is_refused(void *block) {
    SetLastError(0);
    return !HeapFree(heap, 0, block) && GetLastError() == ERROR_INVALID_PARAMETER;
}

static void assert_refused(void *block) {
    assert_true(is_refused(block));
}

/* Large blocks have pages of their own in every engine. */
static bool is_large(size_t size) {
    return size >= 1000000;
}

static void null_is_freed(void **state) {
    (void)state;
    SetLastError(12345);
    assert_true(HeapFree(heap, 0, NULL));
    assert_int_equal(GetLastError(), 12345);
}

static void a_block_is_freed_once(void **state) {
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        void *block = HeapAlloc(heap, 0, kinds[i]);
        assert_true(HeapFree(heap, 0, block));
        assert_promise(is_large(kinds[i]) ? "free.a_large_block_is_freed_once"
                                          : "free.a_block_is_freed_once",
                       is_refused(block));
    }
    assert_true(HeapValidate(heap, 0, NULL));
}

/* Other blocks of the class live on: the refusal must not rest on an empty span. */
static void a_double_free_among_live_blocks_is_refused(void **state) {
    void *blocks[100];

    (void)state;
    for (int i = 0; i < 100; i++)
        blocks[i] = HeapAlloc(heap, 0, 64);
    for (int i = 0; i < 100; i += 2)
        assert_true(HeapFree(heap, 0, blocks[i]));
    for (int i = 0; i < 100; i += 2)
        assert_refused(blocks[i]);
    for (int i = 1; i < 100; i += 2)
        assert_true(HeapFree(heap, 0, blocks[i]));
}

static void interior_pointers_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        char *block = HeapAlloc(heap, 0, kinds[i]);
        char *other = HeapAlloc(heap, 0, kinds[i]);
        size_t step = kinds[i] < 10000 ? 1 : 4099;
        memset(block, 'x', kinds[i]);
        for (size_t offset = 1; offset < kinds[i]; offset += step)
            assert_refused(block + offset);
        for (size_t offset = 16; offset < kinds[i]; offset *= 2)
            assert_refused(block + offset);
        for (size_t j = 0; j < kinds[i]; j += step)
            assert_int_equal(block[j], 'x');
        assert_int_equal(HeapSize(heap, 0, block), kinds[i]);
        assert_true(HeapFree(heap, 0, block));
        assert_true(HeapFree(heap, 0, other));
    }
}

static void another_heaps_block_is_refused(void **state) {
    HANDLE other = HeapCreate(0, 0, 0);

    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        void *block = HeapAlloc(other, 0, kinds[i]);
        assert_promise(is_large(kinds[i]) ? "free.another_heaps_large_block_is_refused"
                                          : "free.another_heaps_block_is_refused",
                       is_refused(block) && HeapSize(other, 0, block) == kinds[i] &&
                           HeapFree(other, 0, block));
    }
    assert_true(HeapDestroy(other));
}

static void a_destroyed_heaps_block_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        HANDLE other = HeapCreate(0, 0, 0);
        void *block = HeapAlloc(other, 0, kinds[i]);
        assert_true(HeapDestroy(other));
        assert_promise("free.a_destroyed_heaps_block_is_refused", is_refused(block));
    }
}

static bool every_address_is_refused(void) {
    for (int bit = 0; bit < 64; bit++)
        if (!is_refused((void *)((uintptr_t)1 << bit)) ||
            !is_refused((void *)~((uintptr_t)1 << bit)))
            return false;
    return true;
}

static void pointers_from_nowhere_are_refused(void **state) {
    static int global;
    int local;
    void *foreign = malloc(100);

    (void)state;
    assert_refused(&global);
    assert_refused(&local);
    assert_refused(foreign);
    assert_promise("free.the_heaps_handle_is_refused", is_refused(heap));
    assert_promise("free.every_address_is_refused", every_address_is_refused());
    free(foreign);
}

/* Addresses near a block that an engine may use for itself, and the block's own with bits flipped.
 */
static bool every_neighbour_is_refused(uintptr_t block) {
    for (int bit = 47; bit < 64; bit++)
        if (!is_refused((void *)(block ^ (uintptr_t)1 << bit)))
            return false;
    for (int bit = 12; bit <= 22; bit++) {
        uintptr_t start = block & ~(((uintptr_t)1 << bit) - 1);
        for (uintptr_t offset = 0; offset < 1024; offset += 8)
            if (start + offset != block && !is_refused((void *)(start + offset)))
                return false;
    }
    for (int bit = 0; bit < 30; bit++)
        if (!is_refused((void *)(block ^ (uintptr_t)1 << bit)))
            return false;
    return true;
}

static void pointers_near_a_block_are_refused(void **state) {
    void *block = HeapAlloc(heap, 0, 64);

    (void)state;
    assert_promise("free.every_neighbour_is_refused", every_neighbour_is_refused((uintptr_t)block));
    assert_int_equal(HeapSize(heap, 0, block), 64);
    assert_true(HeapValidate(heap, 0, NULL));
}

static bool is_no_heap(HANDLE handle, void *block) {
    SetLastError(0);
    return !HeapFree(handle, 0, block) && GetLastError() == ERROR_INVALID_HANDLE;
}

static void a_bad_handle_is_refused(void **state) {
    void *block = HeapAlloc(heap, 0, 64);
    static const uintptr_t handles[] = {0, 1, 2, 0x12345678, UINTPTR_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++)
        assert_promise("free.a_bad_handle_is_refused",
                       is_no_heap((HANDLE)handles[i], block) &&
                           is_no_heap((HANDLE)handles[i], (void *)64));
    assert_true(HeapFree(heap, 0, block));
}

/* One bit away from the heap's own handle: engines keep marks in a handle's low bits. */
static void a_handle_with_a_bit_flipped_is_refused(void **state) {
    void *block = HeapAlloc(heap, 0, 64);

    (void)state;
    for (int bit = 0; bit < 64; bit++)
        assert_promise("free.a_bad_handle_is_refused",
                       is_no_heap((HANDLE)((uintptr_t)heap ^ (uintptr_t)1 << bit), block));
    for (intptr_t distance = -16; distance <= 16; distance++)
        if (distance != 0)
            assert_false(HeapFree((HANDLE)((uintptr_t)heap + (uintptr_t)distance), 0, block));
    assert_true(HeapFree(heap, 0, block));
}

static void order_of_frees_does_not_matter(void **state) {
    enum { COUNT = 4000 };
    static const unsigned steps[] = {1, 3, 1333, COUNT - 1}; /* coprime with COUNT */
    static void *blocks[COUNT];

    (void)state;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < COUNT; i++)
            assert_non_null(blocks[i] = HeapAlloc(heap, 0, (size_t)(i % 700)));
        for (unsigned i = 0; i < COUNT; i++)
            assert_true(HeapFree(heap, 0, blocks[i * steps[round] % COUNT]));
        assert_true(HeapValidate(heap, 0, NULL));
    }
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap), {                            \
#name " (no lock)", name, create_unserialized, destroy_heap, NULL                          \
    }
ENGINE_TESTS(free, TEST(null_is_freed), TEST(a_block_is_freed_once),
             TEST(a_double_free_among_live_blocks_is_refused), TEST(interior_pointers_are_refused),
             TEST(another_heaps_block_is_refused), TEST(a_destroyed_heaps_block_is_refused),
             TEST(pointers_from_nowhere_are_refused), TEST(pointers_near_a_block_are_refused),
             TEST(a_bad_handle_is_refused), TEST(a_handle_with_a_bit_flipped_is_refused),
             TEST(order_of_frees_does_not_matter))
