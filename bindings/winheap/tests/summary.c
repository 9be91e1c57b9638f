/* HeapSummary: sums that agree with the live blocks, and with the heap's maximum. */
#include "model.h"

#define MIB ((size_t)1 << 20)

_Static_assert(sizeof(HEAP_SUMMARY) == 40, "as on Windows for x64");
_Static_assert(offsetof(HEAP_SUMMARY, cb) == 0, "as on Windows for x64");
_Static_assert(offsetof(HEAP_SUMMARY, cbAllocated) == 8, "as on Windows for x64");
_Static_assert(offsetof(HEAP_SUMMARY, cbCommitted) == 16, "as on Windows for x64");
_Static_assert(offsetof(HEAP_SUMMARY, cbReserved) == 24, "as on Windows for x64");
_Static_assert(offsetof(HEAP_SUMMARY, cbMaxReserve) == 32, "as on Windows for x64");

static struct model model;

static int create_heap(void **state) {
    (void)state;
    model = (struct model){.heap = HeapCreate(0, 0, 0), .random = 1};
    return model.heap == NULL;
}

static int destroy_heap(void **state) {
    (void)state;
    return !HeapDestroy(model.heap);
}

static HEAP_SUMMARY summarize(HANDLE heap) {
    HEAP_SUMMARY summary = {.cb = sizeof summary};

    SetLastError(12345);
    assert_true(HeapSummary(heap, 0, &summary));
    assert_int_equal(GetLastError(), 12345);
    assert_int_equal(summary.cb, sizeof summary);
    return summary;
}

static size_t walk_bytes(HANDLE heap) {
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    size_t bytes = 0;

    while (HeapWalk(heap, &entry))
        if ((entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0)
            bytes += entry.cbData;
    return bytes;
}

static void the_sums_follow_the_live_blocks(void **state) {
    (void)state;
    for (int i = 0; i < 12000; i++) {
        model_step(&model);
        if (i % 100 != 0)
            continue;
        HEAP_SUMMARY summary = summarize(model.heap);
        assert_int_equal(summary.cbAllocated, model_bytes(&model));
        assert_int_equal(summary.cbAllocated, walk_bytes(model.heap));
        assert_true(summary.cbCommitted >= summary.cbAllocated);
        assert_true(summary.cbReserved >= summary.cbCommitted);
        assert_int_equal(summary.cbMaxReserve, 0);
    }
    model_clear(&model);
    assert_int_equal(summarize(model.heap).cbAllocated, 0);
}

static void committed_memory_is_whole_pages(void **state) {
    size_t committed;

    (void)state;
    assert_non_null(HeapAlloc(model.heap, 0, 100));
    assert_non_null(HeapAlloc(model.heap, 0, 300000));
    committed = summarize(model.heap).cbCommitted;
    assert_promise("summary.whole_pages", committed % 4096 == 0 && committed >= 300100);
}

static void a_maximum_is_told_in_whole_pages(void **state) {
    HANDLE heap = HeapCreate(0, 0, 10 * MIB - 100);
    HEAP_SUMMARY summary;

    (void)state;
    for (size_t count = 0; HeapAlloc(heap, 0, 5000) != NULL; count++)
        assert_true(count * 5000 <= 10 * MIB);
    summary = summarize(heap);
    assert_int_equal(summary.cbMaxReserve, 10 * MIB);
    assert_true(summary.cbCommitted <= summary.cbMaxReserve);
    assert_true(summary.cbAllocated > 8 * MIB);
    assert_true(HeapDestroy(heap));
}

static void the_maximum_is_reserved_from_the_start(void **state) {
    HANDLE heap = HeapCreate(0, 0, 64 * MIB);
    HEAP_SUMMARY summary = summarize(heap);

    (void)state;
    assert_promise("summary.max_is_reserved", summary.cbReserved >= 64 * MIB);
    assert_int_equal(summary.cbAllocated, 0);
    assert_true(summary.cbCommitted < 64 * MIB);
    assert_true(HeapDestroy(heap));
}

static void initial_is_committed_from_the_start(void **state) {
    HANDLE heap = HeapCreate(0, 3 * MIB, 0);

    (void)state;
    assert_promise("summary.initial_is_committed", summarize(heap).cbCommitted >= 3 * MIB);
    assert_true(HeapDestroy(heap));
}

static void assert_refused(HANDLE heap, DWORD flags, HEAP_SUMMARY *summary, DWORD error) {
    SetLastError(0);
    assert_false(HeapSummary(heap, flags, summary));
    assert_int_equal(GetLastError(), error);
}

static void misuse_is_refused(void **state) {
    HEAP_SUMMARY summary = {.cb = sizeof summary};
    HANDLE dead = HeapCreate(0, 0, 0);

    (void)state;
    assert_true(HeapDestroy(dead));
    assert_refused(dead, 0, &summary, ERROR_INVALID_HANDLE);
    assert_refused(NULL, 0, &summary, ERROR_INVALID_HANDLE);
    assert_refused(model.heap, 0, NULL, ERROR_INVALID_PARAMETER);
    assert_refused(model.heap, 1, &summary, ERROR_INVALID_PARAMETER);
    summary.cb = sizeof summary - 1;
    assert_refused(model.heap, 0, &summary, ERROR_INVALID_PARAMETER);
    summary.cb = 0;
    assert_refused(model.heap, 0, &summary, ERROR_INVALID_PARAMETER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(summary, TEST(the_sums_follow_the_live_blocks), TEST(committed_memory_is_whole_pages),
             TEST(a_maximum_is_told_in_whole_pages), TEST(the_maximum_is_reserved_from_the_start),
             TEST(initial_is_committed_from_the_start), TEST(misuse_is_refused))
