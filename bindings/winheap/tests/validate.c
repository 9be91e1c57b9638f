/* HeapValidate: true for live blocks and sound heaps, false for all else, silent and unharmed. */
#include "engine.h"

#include <string.h>

static HANDLE heap;

static int create_heap(void **state) {
    (void)state;
    heap = HeapCreate(0, 0, 0);
    SetLastError(12345);
    return heap == NULL;
}

/* Every test here runs between these two: the last error must come through unchanged. */
static int destroy_heap(void **state) {
    (void)state;
    return GetLastError() != 12345 || !HeapDestroy(heap);
}

static void live_blocks_are_valid(void **state) {
    (void)state;
    for (size_t size = 0; size < 5000000; size = size * 2 + 1) {
        void *block = HeapAlloc(heap, 0, size);
        assert_true(HeapValidate(heap, 0, block));
    }
    assert_true(HeapValidate(heap, 0, NULL));
}

static void freed_blocks_are_not(void **state) {
    (void)state;
    for (size_t size = 0; size < 5000000; size = size * 2 + 1) {
        void *block = HeapAlloc(heap, 0, size);
        assert_true(HeapFree(heap, 0, block));
        assert_false(HeapValidate(heap, 0, block));
    }
    assert_true(HeapValidate(heap, 0, NULL));
}

static void pointers_of_any_value_are_not(void **state) {
    char *block = HeapAlloc(heap, 0, 100);
    int local;

    (void)state;
    assert_false(HeapValidate(heap, 0, block + 1));
    assert_false(HeapValidate(heap, 0, block + 16));
    assert_false(HeapValidate(heap, 0, &local));
    for (int bit = 0; bit < 64; bit++) {
        assert_false(HeapValidate(heap, 0, (void *)((uintptr_t)1 << bit)));
        assert_false(HeapValidate(heap, 0, (void *)~((uintptr_t)1 << bit)));
    }
}

static bool no_value_is_a_heap(void) {
    for (int bit = 0; bit < 64; bit++)
        if (HeapValidate((HANDLE)((uintptr_t)1 << bit), 0, NULL))
            return false;
    return true;
}

static void handles_of_any_value_are_no_heaps(void **state) {
    HANDLE dead = HeapCreate(0, 0, 0);
    int local;

    (void)state;
    assert_true(HeapDestroy(dead));
    assert_false(HeapValidate(NULL, 0, NULL));
    assert_promise("validate.a_destroyed_heap_is_none", !HeapValidate(dead, 0, NULL));
    assert_false(HeapValidate(&local, 0, NULL));
    assert_false(HeapValidate((char *)heap + 8, 0, NULL));
    assert_promise("validate.no_value_is_a_heap", no_value_is_a_heap());
}

static void a_heap_is_valid_after_heavy_use(void **state) {
    enum { COUNT = 500 };
    static void *blocks[COUNT];
    uint32_t random = 1;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525 + 1013904223;
        void **slot = &blocks[random >> 8 & 255];
        if (*slot != NULL)
            assert_true(HeapFree(heap, 0, *slot));
        *slot = HeapAlloc(heap, 0, random >> 16 & ((random & 1) ? 0x3FF : 0xFFFF));
        assert_non_null(*slot);
        if (i % 1000 == 0)
            assert_true(HeapValidate(heap, 0, NULL));
    }
}

/* Blocks that are the heap's own, whatever their neighbours: writing to them ends in no fault. */
static bool serves_blocks(HANDLE served) {
    char *blocks[8];

    for (int i = 0; i < 8; i++) {
        blocks[i] = HeapAlloc(served, 0, 64);
        if (blocks[i] == NULL || !HeapValidate(served, 0, blocks[i]))
            return false;
        memset(blocks[i], i, 64);
    }
    for (int i = 0; i < 8; i++)
        if (blocks[i][0] != i || !HeapFree(served, 0, blocks[i]))
            return false;
    return HeapValidate(served, 0, NULL);
}

/* No sanitizer's business: it is the engine that has to stand it. */
__attribute__((no_sanitize("address", "thread"))) static void scribble(volatile char *bytes,
                                                                       size_t count) {
    for (size_t i = 0; i < count; i++)
        bytes[i] = 0x41;
}

/* A write through a stale pointer, as a buggy program does, over all of a freed block. */
static bool stands_a_stale_write(void) {
    HANDLE damaged = HeapCreate(0, 0, 0);
    char *blocks[3];

    for (int i = 0; i < 3; i++)
        blocks[i] = HeapAlloc(damaged, 0, 64);
    HeapFree(damaged, 0, blocks[0]);
    HeapFree(damaged, 0, blocks[1]);
    if (!HeapValidate(damaged, 0, NULL))
        return false;
    scribble(blocks[1], 64);
    return !HeapValidate(damaged, 0, NULL) || serves_blocks(damaged);
}

/* In a child: an engine that does not see it may as well die of it. */
static void a_stale_write_is_seen_or_harmless(void **state) {
    (void)state;
    assert_promise("validate.stands_a_stale_write",
                   engine_in_child(stands_a_stale_write) == ENGINE_TRUE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(validate, TEST(live_blocks_are_valid), TEST(freed_blocks_are_not),
             TEST(pointers_of_any_value_are_not), TEST(handles_of_any_value_are_no_heaps),
             TEST(a_heap_is_valid_after_heavy_use), TEST(a_stale_write_is_seen_or_harmless))
