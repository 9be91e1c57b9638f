/* Tail checking, free checking and hardened heaps: what a program's stray writes and frees meet. */
#include "model.h"

#include <stdio.h>
#include <string.h>

#define TAIL_BYTES 16

static HANDLE heap;

static int create_heap(DWORD options) {
    heap = HeapCreate(options, 0, 0);
    SetLastError(0);
    return heap == NULL;
}

static int create_tail(void **state) {
    (void)state;
    return create_heap(HEAP_TAIL_CHECKING_ENABLED);
}

static int create_free(void **state) {
    (void)state;
    return create_heap(HEAP_FREE_CHECKING_ENABLED);
}

static int create_hardened(void **state) {
    (void)state;
    return create_heap(HEAP_CREATE_HARDENED);
}

static int destroy_heap(void **state) {
    (void)state;
    return !HeapDestroy(heap);
}

static const size_t sizes[] = {0,   1,    2,    7,    15,    16,    17,     31,     48,
                               100, 1000, 4095, 4096, 16000, 50000, 100000, 3000000};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* ---- tail checking ---- */

static bool has_tail(const unsigned char *block, size_t size) {
    for (size_t i = 0; i < TAIL_BYTES; i++)
        if (block[size + i] != 0xAB)
            return false;
    return true;
}

static void a_pattern_stands_behind_each_block(void **state) {
    (void)state;
    for (int i = 0; i < SIZES; i++) {
        unsigned char *block = HeapAlloc(heap, 0, sizes[i]);
        assert_int_equal(HeapSize(heap, 0, block), sizes[i]);
        assert_promise("debug.tail_pattern", has_tail(block, sizes[i]));
        for (int j = 0; j < SIZES; j++) {
            block = HeapReAlloc(heap, j % 2 ? HEAP_ZERO_MEMORY : 0, block, sizes[j]);
            assert_non_null(block);
            assert_promise("debug.tail_pattern", has_tail(block, sizes[j]));
            assert_true(HeapValidate(heap, 0, block));
        }
        assert_true(HeapFree(heap, 0, block));
    }
    assert_true(HeapValidate(heap, 0, NULL));
}

/* Whether neither the heap nor the block is valid, nor is the block freed or resized. */
static bool damage_is_reported(unsigned char *block) {
    bool reported = !HeapValidate(heap, 0, block) && !HeapValidate(heap, 0, NULL);

    SetLastError(0);
    reported = reported && !HeapFree(heap, 0, block) && GetLastError() == ERROR_INVALID_PARAMETER;
    SetLastError(0);
    return reported && HeapReAlloc(heap, 0, block, 10) == NULL &&
           GetLastError() == ERROR_INVALID_PARAMETER;
}

static bool sees_writes_behind_blocks(void) {
    for (int i = 0; i < SIZES; i++)
        for (size_t place = 0; place < TAIL_BYTES; place += 5) {
            unsigned char *block = HeapAlloc(heap, 0, sizes[i]);
            unsigned char saved = block[sizes[i] + place];
            block[sizes[i] + place] = 0x41;
            if (!damage_is_reported(block))
                return false;
            block[sizes[i] + place] = saved;
            if (!HeapValidate(heap, 0, NULL) || !HeapFree(heap, 0, block))
                return false;
        }
    return true;
}

/* In a child: an engine that does not see them may as well die of them. */
static void writes_behind_a_block_are_seen(void **state) {
    (void)state;
    assert_promise("debug.sees_writes_behind_blocks",
                   engine_in_child(sees_writes_behind_blocks) == ENGINE_TRUE);
}

/* The overhead of the only block in a new heap. */
static BYTE overhead(DWORD options, size_t size) {
    HANDLE other = HeapCreate(options, 0, 0);
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};

    assert_non_null(HeapAlloc(other, 0, size));
    do
        assert_true(HeapWalk(other, &entry));
    while (entry.wFlags != PROCESS_HEAP_ENTRY_BUSY);
    assert_int_equal(entry.cbData, size);
    assert_true(HeapDestroy(other));
    return entry.cbOverhead;
}

static void the_tail_is_overhead(void **state) {
    (void)state;
    for (size_t size = 0; size < 300; size += 33)
        assert_promise("debug.tail_is_overhead", overhead(HEAP_TAIL_CHECKING_ENABLED, size) >=
                                                     overhead(0, size) + TAIL_BYTES);
}

/* ---- free checking ---- */

/* Reads what may be freed memory: not as a sanitizer would have it. */
__attribute__((no_sanitize("address", "thread"))) static bool
has_pattern(const volatile unsigned char *block, uint32_t pattern, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        if (block[i] != (unsigned char)(pattern >> i % 4 * 8))
            return false;
    return true;
}

static bool is_zero(const unsigned char *block, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        if (block[i] != 0)
            return false;
    return true;
}

static void new_bytes_have_a_pattern(void **state) {
    (void)state;
    for (int i = 1; i < SIZES; i++) {
        unsigned char *block = HeapAlloc(heap, 0, sizes[i]);
        assert_promise("debug.fresh_pattern", has_pattern(block, 0xBAADF00D, 0, sizes[i]));
        memset(block, 0, sizes[i]);
        block = HeapReAlloc(heap, 0, block, sizes[i] + 1001);
        assert_true(is_zero(block, 0, sizes[i]));
        assert_promise("debug.fresh_pattern",
                       has_pattern(block, 0xBAADF00D, sizes[i], sizes[i] + 1001));
        assert_true(HeapFree(heap, 0, block));
        block = HeapAlloc(heap, HEAP_ZERO_MEMORY, sizes[i]);
        assert_true(is_zero(block, 0, sizes[i]));
        block = HeapReAlloc(heap, HEAP_ZERO_MEMORY, block, sizes[i] + 1001);
        assert_true(is_zero(block, 0, sizes[i] + 1001));
        assert_true(HeapFree(heap, 0, block));
    }
}

static void freed_bytes_have_a_pattern(void **state) {
    (void)state;
    for (size_t size = 8; size < 30000; size = size * 2 + 1) {
        unsigned char *block = HeapAlloc(heap, 0, size);
        memset(block, 0, size);
        assert_true(HeapFree(heap, 0, block));
        assert_promise("debug.freed_pattern", has_pattern(block, 0xFEEEFEEE, 0, size));
    }
}

__attribute__((no_sanitize("address", "thread"))) static void
write_stale(volatile unsigned char *block, unsigned char value) {
    *block = value;
}

static bool sees_writes_into_freed_blocks(void) {
    for (size_t size = 16; size < 30000; size = size * 2 + 1)
        for (size_t place = 0; place < size; place += size / 3) {
            unsigned char *block = HeapAlloc(heap, 0, size);
            void *neighbour = HeapAlloc(heap, 0, size);
            unsigned char saved;
            if (!HeapFree(heap, 0, block) || !HeapValidate(heap, 0, NULL))
                return false;
            saved = (unsigned char)(0xFEEEFEEE >> place % 4 * 8);
            write_stale(block + place, 0x41);
            if (HeapValidate(heap, 0, NULL))
                return false;
            write_stale(block + place, saved);
            if (!HeapValidate(heap, 0, NULL) || !HeapFree(heap, 0, neighbour))
                return false;
        }
    return true;
}

static void writes_into_freed_blocks_are_seen(void **state) {
    (void)state;
    assert_promise("debug.sees_writes_into_freed_blocks",
                   engine_in_child(sees_writes_into_freed_blocks) == ENGINE_TRUE);
}

static struct model model;

static void checked_heaps_work_as_others(void **state) {
    static const DWORD options[] = {
        HEAP_TAIL_CHECKING_ENABLED,
        HEAP_FREE_CHECKING_ENABLED,
        HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED,
        HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED | HEAP_NO_SERIALIZE,
        HEAP_CREATE_HARDENED,
        HEAP_CREATE_HARDENED | HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED,
        HEAP_CREATE_SEGMENT_HEAP};

    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        assert_int_equal(create_heap(options[i]), 0);
        model = (struct model){.heap = heap, .random = 1};
        for (int j = 0; j < 5000; j++) {
            model_step(&model);
            if (j % 500 == 0)
                assert_true(HeapValidate(heap, 0, NULL));
        }
        model_clear(&model);
        assert_true(HeapValidate(heap, 0, NULL));
        assert_true(HeapDestroy(heap));
    }
}

/* What is kept of freed blocks does not stand in the way of live ones. */
static void a_checked_heap_with_a_maximum_recovers(void **state) {
    HANDLE full =
        HeapCreate(HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED, 0, (SIZE_T)1 << 20);

    (void)state;
    for (int round = 0; round < 20; round++) {
        void **last = NULL, **block;
        size_t count = 0;
        while (count < 100 && (block = HeapAlloc(full, 0, 20000)) != NULL) {
            *block = (void *)last;
            last = block;
            count++;
        }
        assert_true(count > 30);
        for (; last != NULL; last = block) {
            block = *last;
            assert_true(HeapFree(full, 0, last));
        }
        assert_true(HeapValidate(full, 0, NULL));
    }
    assert_true(HeapDestroy(full));
}

/* ---- hardened ---- */

static bool frees_twice(void) {
    void *block = HeapAlloc(heap, 0, 100);

    for (int i = 0; i < 2; i++)
        if (!HeapFree(heap, 0, block))
            return false;
    return true;
}

static bool frees_a_local(void) {
    int local = 0;

    return HeapFree(heap, 0, &local);
}

static void a_hardened_heap_aborts_for_a_refused_free(void **state) {
    char heard[200] = "";

    (void)state;
    assert_promise("debug.hardened_free_aborts",
                   engine_in_child_heard(frees_twice, heard, sizeof heard) == ENGINE_ABORTED &&
                       strstr(heard, "HeapFree") != NULL &&
                       engine_in_child(frees_a_local) == ENGINE_ABORTED);
    assert_true(HeapFree(heap, 0, NULL));
}

/* A large block's last page is its own; the byte behind it is nobody's. */
static bool writes_behind_a_large_block(void) {
    const size_t size = (size_t)5 << 20;
    char *block = HeapAlloc(heap, 0, size);

    *(volatile char *)(block + size - 1) = 1;
    *(volatile char *)(block + size) = 1;
    return true;
}

static void a_large_block_of_a_hardened_heap_has_a_guard_page(void **state) {
    (void)state;
    assert_promise("debug.hardened_guard_page",
                   engine_in_child(writes_behind_a_large_block) == ENGINE_CRASHED);
}

/* Tells in which order a new heap hands out again what was freed. */
static bool tell_order(void) {
    enum { COUNT = 64 };
    HANDLE other = HeapCreate(HEAP_CREATE_HARDENED, 0, 0);
    void *blocks[COUNT];

    for (int i = 0; i < COUNT; i++)
        blocks[i] = HeapAlloc(other, 0, 64);
    for (int i = 0; i < COUNT; i++)
        HeapFree(other, 0, blocks[i]);
    for (int i = 0; i < COUNT; i++) {
        void *block = HeapAlloc(other, 0, 64);
        int j = 0;
        while (j < COUNT && blocks[j] != block)
            j++;
        fprintf(stderr, "%d ", j);
    }
    return HeapValidate(other, 0, NULL);
}

/* Two children begin with the same memory: what differs between them was drawn by lot. */
static void a_hardened_heap_reuses_blocks_in_random_order(void **state) {
    char orders[2][400] = {"", ""};

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(engine_in_child_heard(tell_order, orders[i], sizeof orders[i]),
                         ENGINE_TRUE);
    assert_promise("debug.hardened_random_reuse", strcmp(orders[0], orders[1]) != 0);
}

#define TEST(create, name) cmocka_unit_test_setup_teardown(name, create, destroy_heap)
ENGINE_TESTS(debug, TEST(create_tail, a_pattern_stands_behind_each_block),
             TEST(create_tail, writes_behind_a_block_are_seen),
             TEST(create_tail, the_tail_is_overhead), TEST(create_free, new_bytes_have_a_pattern),
             TEST(create_free, freed_bytes_have_a_pattern),
             TEST(create_free, writes_into_freed_blocks_are_seen),
             cmocka_unit_test(checked_heaps_work_as_others),
             cmocka_unit_test(a_checked_heap_with_a_maximum_recovers),
             TEST(create_hardened, a_hardened_heap_aborts_for_a_refused_free),
             TEST(create_hardened, a_large_block_of_a_hardened_heap_has_a_guard_page),
             TEST(create_hardened, a_hardened_heap_reuses_blocks_in_random_order))
