/*
 * With AddressSanitizer: exactly the requested bytes of live blocks may be touched, whatever has
 * happened to them. Every size here is tried in a new heap, so that a block has no live neighbours.
 */
#include "engine.h"

#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

/* Blocks of spans, of whole units and with a mapping of their own, which ends within a page. */
static const size_t sizes[] = {1,     7,      8,       13,      64,      100,
                               1000,  4097,   32767,   32768,   32769,   70001,
                               65536, 300000, 1 << 20, 1048577, 2000000, 9000001};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

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

/* Granules are of 8 bytes: the one before the block is the nearest that is not partly its own. */
static bool has_borders(char *block, size_t size) {
    return __asan_region_is_poisoned(block, size) == NULL &&
           __asan_address_is_poisoned(block - 1) && __asan_address_is_poisoned(block + size);
}

static void new_blocks_have_borders(void **state) {
    (void)state;
    for (DWORD flags = 0; flags <= HEAP_ZERO_MEMORY; flags += HEAP_ZERO_MEMORY)
        for (int i = 0; i < SIZES; i++) {
            HANDLE other = HeapCreate(0, 0, 0);
            char *block = HeapAlloc(other, flags, sizes[i]);
            assert_true(has_borders(block, sizes[i]));
            memset(block, 1, sizes[i]);
            assert_true(HeapFree(other, 0, block));
            block = HeapAlloc(other, flags, sizes[i] / 2);
            assert_true(has_borders(block, sizes[i] / 2));
            assert_true(HeapDestroy(other));
        }
}

static void blocks_of_no_bytes_are_closed(void **state) {
    char *block = HeapAlloc(heap, 0, 0);

    (void)state;
    assert_true(__asan_address_is_poisoned(block));
    assert_int_equal(HeapReAlloc(heap, 0, block, 5), block);
    assert_true(has_borders(block, 5));
}

/* In its slot, in its run or mapping, by mremap, by copy. A mapping of whole pages ends with its
 * block. */
static void borders_move_with_the_size(void **state) {
    (void)state;
    for (int from = 0; from < SIZES; from++)
        for (int to = 0; to < SIZES; to++) {
            if (sizes[from] > 1 << 20 && sizes[to] % 4096 == 0)
                continue;
            HANDLE other = HeapCreate(0, 0, 0);
            char *block = HeapAlloc(other, 0, sizes[from]);
            memset(block, 1, sizes[from]);
            block = HeapReAlloc(other, to % 2 == 0 ? HEAP_ZERO_MEMORY : 0, block, sizes[to]);
            assert_true(has_borders(block, sizes[to]));
            memset(block, 1, sizes[to]);
            assert_true(HeapDestroy(other));
        }
}

static void freed_blocks_are_closed(void **state) {
    (void)state;
    assert_non_null(HeapAlloc(heap, 0, 1)); /* the heap keeps its segment */
    for (size_t size = 1; size < 1000000; size = size * 3 + 1) {
        char *block = HeapAlloc(heap, 0, size);
        assert_true(HeapFree(heap, 0, block));
        for (size_t i = 0; i < size; i++)
            assert_true(__asan_address_is_poisoned(block + i));
    }
}

static void *free_block(void *block) {
    return HeapFree(heap, 0, block) ? heap : NULL;
}

static void blocks_that_another_thread_freed_are_closed(void **state) {
    char *block = HeapAlloc(heap, 0, 100);
    pthread_t thread;
    void *freed;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, free_block, block), 0);
    assert_int_equal(pthread_join(thread, &freed), 0);
    assert_non_null(freed);
    assert_true(__asan_address_is_poisoned(block) && __asan_address_is_poisoned(block + 99));
}

static void blocks_of_a_destroyed_heap_are_closed(void **state) {
    HANDLE other = HeapCreate(0, 0, 0);
    char *small = HeapAlloc(other, 0, 100);
    char *run = HeapAlloc(other, 0, 100000);

    (void)state;
    assert_true(HeapDestroy(other));
    assert_true(__asan_address_is_poisoned(small));
    assert_true(__asan_address_is_poisoned(run + 99999));
}

/* Where large blocks and the segments of heaps with a maximum were, anything may be mapped. */
static void the_system_gets_its_memory_open(void **state) {
    HANDLE other = HeapCreate(0, 0, 1 << 20);
    char *small = HeapAlloc(other, 0, 100);
    char *large = HeapAlloc(heap, 0, 5000001);
    char *moved;

    (void)state;
    assert_non_null(HeapAlloc(heap, 0, 3000000)); /* in the way of growth */
    moved = HeapReAlloc(heap, 0, large, 50000001);
    assert_true(has_borders(moved, 50000001));
    if (moved != large)
        assert_null(__asan_region_is_poisoned(large - 60000, 5060000));
    assert_true(HeapFree(heap, 0, moved));
    assert_null(__asan_region_is_poisoned(moved - 60000, 50060000));
    assert_true(HeapDestroy(other));
    assert_null(__asan_region_is_poisoned(small - 1, 65536));
}

/* ---- what a program sees that does it ---- */

static size_t fault_size;
static ptrdiff_t fault_place; /* of the byte that is read, from the block's start */

static char read_byte(const volatile char *bytes, ptrdiff_t place) {
    return bytes[place];
}

static bool reads_a_live_block(void) {
    const char *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, fault_size);

    return read_byte(block, fault_place) == 0;
}

static bool reads_a_freed_block(void) {
    char *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, fault_size);

    return HeapFree(heap, 0, block) && read_byte(block, fault_place) == 0;
}

static bool reads_a_shrunk_block(void) {
    char *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, fault_size);

    block = HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, fault_size - 1);
    return read_byte(block, fault_place) == 0;
}

static void assert_reported(bool (*body)(void), size_t size, ptrdiff_t place) {
    static char text[16384];

    fault_size = size;
    fault_place = place;
    memset(text, 0, sizeof text);
    assert_int_not_equal(engine_in_child_heard(body, text, sizeof text), ENGINE_TRUE);
    assert_non_null(strstr(text, "use-after-poison"));
}

static void overflows_are_reported(void **state) {
    (void)state;
    assert_reported(reads_a_live_block, 13, 13);
    assert_reported(reads_a_live_block, 64, 64);
    assert_reported(reads_a_live_block, 100001, 100001);
    assert_reported(reads_a_live_block, 3000001, 3000001);
}

static void underflows_are_reported(void **state) {
    (void)state;
    assert_reported(reads_a_live_block, 13, -1);
    assert_reported(reads_a_live_block, 100001, -1);
    assert_reported(reads_a_live_block, 3000001, -1);
}

static void stale_reads_are_reported(void **state) {
    (void)state;
    assert_reported(reads_a_freed_block, 13, 0);
    assert_reported(reads_a_freed_block, 100001, 100000);
    assert_reported(reads_a_shrunk_block, 13, 12);
    assert_reported(reads_a_shrunk_block, 100001, 100000);
    assert_reported(reads_a_shrunk_block, 3000001, 3000000);
}

static void what_may_be_touched_is_not(void **state) {
    (void)state;
    for (int i = 0; i < SIZES; i++) {
        fault_size = sizes[i];
        fault_place = (ptrdiff_t)sizes[i] - 1;
        assert_int_equal(engine_in_child(reads_a_live_block), ENGINE_TRUE);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(poison, TEST(new_blocks_have_borders), TEST(blocks_of_no_bytes_are_closed),
             TEST(borders_move_with_the_size), TEST(freed_blocks_are_closed),
             TEST(blocks_that_another_thread_freed_are_closed),
             TEST(blocks_of_a_destroyed_heap_are_closed), TEST(the_system_gets_its_memory_open),
             TEST(overflows_are_reported), TEST(underflows_are_reported),
             TEST(stale_reads_are_reported), TEST(what_may_be_touched_is_not))
