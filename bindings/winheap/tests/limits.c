/* Heaps with a maximum: what fits is served, what does not is refused, and full heaps recover. */
#include "engine.h"

#include <pthread.h>
#include <string.h>

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

static void the_smallest_heap_serves_1024_bytes(void **state) {
    HANDLE heap = HeapCreate(0, 0, 4096);
    void *block = HeapAlloc(heap, 0, 1024);

    (void)state;
    assert_non_null(block);
    memset(block, 1, 1024);
    assert_true(HeapValidate(heap, 0, NULL));
    assert_true(HeapDestroy(heap));
}

static void max_is_rounded_up_to_a_page(void **state) {
    HANDLE heap = HeapCreate(0, 0, 1);

    (void)state;
    assert_non_null(HeapAlloc(heap, 0, 4096));
    assert_true(HeapDestroy(heap));
}

/* Every size up to max in an otherwise empty heap, whatever was allocated before it. */
static bool serves_any_block(HANDLE heap, size_t max) {
    for (size_t size = 1; size <= max; size += size / 7 + 1) {
        char *block = HeapAlloc(heap, 0, size);
        if (block == NULL)
            return false;
        block[0] = block[size - 1] = 1;
        if (!HeapFree(heap, 0, block))
            return false;
    }
    return true;
}

static bool serves_max(HANDLE heap, size_t max) {
    void *block = HeapAlloc(heap, 0, max);

    return block != NULL && HeapFree(heap, 0, block) && HeapValidate(heap, 0, NULL);
}

static bool every_heap_serves_what_fits(void) {
    static const size_t maxima[] = {4 * KIB, 64 * KIB, 300 * KIB, 2 * MIB, 20 * MIB};
    bool served = true;

    for (size_t i = 0; i < sizeof maxima / sizeof maxima[0] && served; i++) {
        HANDLE heap = HeapCreate(0, 0, maxima[i]);
        served =
            serves_any_block(heap, maxima[i]) && serves_max(heap, maxima[i]) && HeapDestroy(heap);
    }
    return served;
}

static void any_block_that_fits_is_served(void **state) {
    (void)state;
    assert_promise("limits.any_block_that_fits", every_heap_serves_what_fits());
}

static bool is_refused(HANDLE heap, size_t size) {
    SetLastError(0);
    return HeapAlloc(heap, 0, size) == NULL && GetLastError() == ERROR_NOT_ENOUGH_MEMORY;
}

static bool every_heap_refuses_more_than_max(void) {
    static const size_t maxima[] = {4 * KIB, 64 * KIB, 3 * MIB};
    bool refused = true;

    for (size_t i = 0; i < sizeof maxima / sizeof maxima[0] && refused; i++) {
        HANDLE heap = HeapCreate(0, 0, maxima[i]);
        refused =
            is_refused(heap, maxima[i] + 1) && HeapAlloc(heap, 0, 100) != NULL && HeapDestroy(heap);
    }
    return refused;
}

static void a_block_above_max_is_refused(void **state) {
    (void)state;
    assert_promise("limits.a_block_above_max_is_refused", every_heap_refuses_more_than_max());
}

/* Blocks until the heap refuses: links them, returns their number. */
static size_t fill_heap(HANDLE heap, size_t size, void ***last) {
    size_t count = 0;
    void **block;

    *last = NULL;
    SetLastError(0);
    while ((block = HeapAlloc(heap, 0, size)) != NULL) {
        *block = (void *)*last;
        *last = block;
        count++;
    }
    assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    return count;
}

static void free_all(HANDLE heap, void **last) {
    while (last != NULL) {
        void **previous = *last;
        assert_true(HeapFree(heap, 0, last));
        last = previous;
    }
}

static void a_full_heap_holds_no_more_than_max_and_recovers(void **state) {
    static const size_t sizes[] = {16, 64, 100, 1000, 4096, 20000, 65536, 200000, 1500000};
    const size_t max = 4 * MIB;
    HANDLE heap = HeapCreate(0, 0, max);

    (void)state;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            void **blocks;
            size_t total = fill_heap(heap, sizes[i], &blocks) * sizes[i];
            assert_true(total <= max);
            if (sizes[i] < MIB)
                assert_true(total > max / 4);
            else
                assert_promise("limits.blocks_of_more_than_a_mib_are_served", total > max / 4);
            assert_true(HeapValidate(heap, 0, NULL));
            free_all(heap, blocks);
        }
    assert_promise("limits.recovers_for_the_largest", HeapAlloc(heap, 0, max) != NULL);
    assert_true(HeapDestroy(heap));
}

/* Each block of a full heap in turn: what it held serves a block of its size. */
static void a_full_heap_serves_what_one_free_gives_back(void **state) {
    (void)state;
    for (size_t size = 16; size <= 100000; size = size * 5 / 2) {
        HANDLE heap = HeapCreate(0, 0, 1000 * KIB); /* ends in the middle of a span */
        void **blocks;
        size_t count = fill_heap(heap, size, &blocks);
        for (size_t i = 0; i < count && i < 5000; i++) {
            void **freed = blocks;
            blocks = *freed;
            assert_true(HeapFree(heap, 0, freed));
            assert_non_null(HeapAlloc(heap, 0, size));
        }
        assert_true(HeapValidate(heap, 0, NULL));
        assert_true(HeapDestroy(heap));
    }
}

/* One block left of each size: what is free around them still serves. */
static void a_scattered_heap_serves_what_is_left(void **state) {
    const size_t max = 2 * MIB;
    HANDLE heap = HeapCreate(0, 0, max);

    (void)state;
    for (size_t size = 16; size <= 32768; size *= 2) {
        void **blocks;
        fill_heap(heap, size, &blocks);
        free_all(heap, *blocks); /* all but the last */
        assert_true(HeapValidate(heap, 0, NULL));
    }
    assert_promise("limits.scattered", HeapAlloc(heap, 0, max / 2) != NULL);
    assert_true(HeapDestroy(heap));
}

static bool is_zero(const unsigned char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* The kernel does not give locked pages back, as a program that keeps secrets has them. */
static void locked_pages_are_zeroed_too(void **state) {
    const size_t size = 200 * KIB;
    HANDLE heap = HeapCreate(0, 0, 256 * KIB);
    unsigned char *block = HeapAlloc(heap, 0, size);

    (void)state;
    memset(block, 0xA5, size);
    assert_true(engine_lock_pages(block + 100 * KIB, 8 * KIB));
    assert_true(HeapFree(heap, 0, block));
    assert_null(HeapAlloc(heap, 0, 257 * KIB)); /* a full heap looks for pages to give back */
    block = HeapAlloc(heap, HEAP_ZERO_MEMORY, size);
    assert_non_null(block);
    assert_true(is_zero(block, size));
    assert_true(HeapDestroy(heap));
}

static void growing_by_realloc_counts(void **state) {
    (void)state;
    for (size_t start = 100; start < 4 * MIB; start *= 20) {
        HANDLE heap = HeapCreate(0, 0, 4 * MIB);
        char *block = HeapAlloc(heap, 0, start);
        block[start - 1] = 'x';
        SetLastError(0);
        assert_null(HeapReAlloc(heap, 0, block, 4 * MIB + 1));
        assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
        assert_int_equal(HeapSize(heap, 0, block), start);
        assert_int_equal(block[start - 1], 'x');
        assert_true(HeapValidate(heap, 0, NULL));
        assert_true(HeapDestroy(heap));
    }
}

static void initial_pages_count_once(void **state) {
    HANDLE heap = HeapCreate(0, 3 * MIB, 3 * MIB);
    void **blocks;
    size_t total = fill_heap(heap, 1000, &blocks) * 1000;

    (void)state;
    assert_true(total > 2 * MIB);
    assert_true(total <= 3 * MIB);
    free_all(heap, blocks);
    assert_promise("limits.initial_pages_serve_any_block", HeapAlloc(heap, 0, 3 * MIB) != NULL);
    assert_true(HeapDestroy(heap));
}

static void a_limit_without_a_lock_holds(void **state) {
    HANDLE heap = HeapCreate(HEAP_NO_SERIALIZE, 0, MIB);
    void **blocks;

    (void)state;
    assert_true(fill_heap(heap, 64, &blocks) * 64 <= MIB);
    free_all(heap, blocks);
    assert_true(HeapValidate(heap, 0, NULL));
    assert_true(HeapDestroy(heap));
}

static void *allocate_16(void *heap) {
    return HeapAlloc(heap, 0, 16);
}

/* Its only page serves whichever thread asks, not the one alone that came first. */
static void the_smallest_heap_serves_several_threads(void **state) {
    HANDLE heap = HeapCreate(0, 0, 4096);

    (void)state;
    for (int i = 0; i < 10; i++) {
        pthread_t thread;
        void *block;
        assert_non_null(HeapAlloc(heap, 0, 16));
        assert_int_equal(pthread_create(&thread, NULL, allocate_16, heap), 0);
        assert_int_equal(pthread_join(thread, &block), 0);
        assert_non_null(block);
        assert_true(HeapValidate(heap, 0, NULL));
        assert_true(HeapFree(heap, 0, block));
    }
    assert_true(HeapValidate(heap, 0, NULL));
    assert_true(HeapDestroy(heap));
}

ENGINE_TESTS(limits, cmocka_unit_test(the_smallest_heap_serves_1024_bytes),
             cmocka_unit_test(the_smallest_heap_serves_several_threads),
             cmocka_unit_test(max_is_rounded_up_to_a_page),
             cmocka_unit_test(any_block_that_fits_is_served),
             cmocka_unit_test(a_block_above_max_is_refused),
             cmocka_unit_test(a_full_heap_holds_no_more_than_max_and_recovers),
             cmocka_unit_test(a_full_heap_serves_what_one_free_gives_back),
             cmocka_unit_test(a_scattered_heap_serves_what_is_left),
             cmocka_unit_test(locked_pages_are_zeroed_too),
             cmocka_unit_test(growing_by_realloc_counts),
             cmocka_unit_test(initial_pages_count_once),
             cmocka_unit_test(a_limit_without_a_lock_holds))
