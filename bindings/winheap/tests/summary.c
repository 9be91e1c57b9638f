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

static bool calls_it(void) {
    HEAP_SUMMARY summary = {.cb = sizeof summary};

    return HeapSummary(model.heap, 0, &summary);
}

/* In a child, for a system may have no more than the name of it. */
static void the_function_is_there(void **state) {
    (void)state;
    assert_promise("summary.is_there", engine_in_child(calls_it) == ENGINE_TRUE);
}

static bool is_told;

/* All zero, and is_told false, when the call fails or touches the last error. */
static HEAP_SUMMARY summarize(HANDLE heap) {
    HEAP_SUMMARY summary = {.cb = sizeof summary};

    SetLastError(12345);
    is_told = !engine_differs("summary.is_there") && HeapSummary(heap, 0, &summary) &&
              GetLastError() == 12345 && summary.cb == sizeof summary;
    return is_told ? summary : (HEAP_SUMMARY){.cb = 0};
}

static size_t walk_bytes(HANDLE heap) {
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    size_t bytes = 0;

    while (HeapWalk(heap, &entry))
        if ((entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0)
            bytes += entry.cbData;
    return bytes;
}

static bool summary_fits(HEAP_SUMMARY summary) {
    return is_told && summary.cbAllocated == model_bytes(&model) &&
           summary.cbAllocated == walk_bytes(model.heap) &&
           summary.cbCommitted >= summary.cbAllocated &&
           summary.cbReserved >= summary.cbCommitted && summary.cbMaxReserve == 0;
}

static void the_sums_follow_the_live_blocks(void **state) {
    (void)state;
    for (int i = 0; i < 12000; i++) {
        model_step(&model);
        if (i % 100 != 0)
            continue;
        assert_promise("summary.follows_the_live_blocks", summary_fits(summarize(model.heap)));
    }
    model_clear(&model);
    assert_promise("summary.follows_the_live_blocks", summary_fits(summarize(model.heap)));
}

static void committed_memory_is_whole_pages(void **state) {
    HEAP_SUMMARY summary;

    (void)state;
    assert_non_null(HeapAlloc(model.heap, 0, 100));
    assert_non_null(HeapAlloc(model.heap, 0, 300000));
    assert_promise("summary.whole_pages",
                   (summary = summarize(model.heap)).cbCommitted % 4096 == 0 &&
                       summary.cbCommitted >= 300100);
}

static void a_maximum_is_told_in_whole_pages(void **state) {
    HANDLE heap = HeapCreate(0, 0, 10 * MIB - 100);
    HEAP_SUMMARY summary = {.cb = 0};

    (void)state;
    for (size_t count = 0; HeapAlloc(heap, 0, 5000) != NULL; count++)
        assert_true(count * 5000 <= 10 * MIB);
    assert_promise("summary.tells_the_maximum",
                   (summary = summarize(heap)).cbMaxReserve == 10 * MIB &&
                       summary.cbCommitted <= summary.cbMaxReserve &&
                       summary.cbAllocated > 8 * MIB);
    assert_true(HeapDestroy(heap));
}

static void the_maximum_is_reserved_from_the_start(void **state) {
    HANDLE heap = HeapCreate(0, 0, 64 * MIB);

    (void)state;
    assert_promise("summary.an_empty_heap_is_small", summarize(heap).cbCommitted < MIB && is_told);
    assert_promise("summary.max_is_reserved", summarize(heap).cbReserved >= 64 * MIB);
    assert_true(HeapDestroy(heap));
}

static void initial_is_committed_from_the_start(void **state) {
    HANDLE heap = HeapCreate(0, 3 * MIB, 0);

    (void)state;
    assert_promise("summary.initial_is_committed", summarize(heap).cbCommitted >= 3 * MIB);
    assert_true(HeapDestroy(heap));
}

static bool is_refused(HANDLE heap, DWORD flags, HEAP_SUMMARY *summary, DWORD error) {
    SetLastError(0);
    return !engine_differs("summary.is_there") && !HeapSummary(heap, flags, summary) &&
           GetLastError() == error;
}

static void misuse_is_refused(void **state) {
    HEAP_SUMMARY summary = {.cb = sizeof summary};
    HANDLE dead = HeapCreate(0, 0, 0);

    (void)state;
    assert_true(HeapDestroy(dead));
    assert_promise("summary.what_is_no_heap_is_refused",
                   is_refused(dead, 0, &summary, ERROR_INVALID_HANDLE) &&
                       is_refused(NULL, 0, &summary, ERROR_INVALID_HANDLE));
    assert_promise("summary.flags_and_null_are_refused",
                   is_refused(model.heap, 0, NULL, ERROR_INVALID_PARAMETER) &&
                       is_refused(model.heap, 1, &summary, ERROR_INVALID_PARAMETER));
    for (DWORD cb = 0; cb < sizeof summary; cb++) {
        summary.cb = cb;
        assert_promise("summary.the_size_must_fit",
                       is_refused(model.heap, 0, &summary, ERROR_INVALID_PARAMETER));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(summary, TEST(the_function_is_there), TEST(the_sums_follow_the_live_blocks),
             TEST(committed_memory_is_whole_pages), TEST(a_maximum_is_told_in_whole_pages),
             TEST(the_maximum_is_reserved_from_the_start),
             TEST(initial_is_committed_from_the_start), TEST(misuse_is_refused))
