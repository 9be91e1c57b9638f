/* Handles: the process heap, the list of heaps, and handles of heaps that are gone. */
#include "engine.h"

static void the_process_heap_is_one(void **state) {
    HANDLE heap = GetProcessHeap();
    void *block = HeapAlloc(heap, 0, 100);

    (void)state;
    assert_non_null(heap);
    assert_ptr_equal(GetProcessHeap(), heap);
    assert_true(HeapValidate(heap, 0, block));
    assert_true(HeapFree(heap, 0, block));
}

static void the_process_heap_is_listed_alone(void **state) {
    HANDLE listed = NULL;

    (void)state;
    assert_promise("handles.only_the_process_heap_is_there_at_first",
                   GetProcessHeaps(1, &listed) == 1 && listed == GetProcessHeap());
}

/* The seventh is gone again, and not in the list. */
static bool are_in_order(const HANDLE *listed, const HANDLE *heaps, int count) {
    for (int i = 0; i < count; i++)
        if (i != 7 && *listed++ != heaps[i])
            return false;
    return true;
}

static void heaps_are_listed_in_order_of_creation(void **state) {
    enum { COUNT = 20, OTHERS_MAX = 20 };
    HANDLE heaps[COUNT], listed[COUNT + OTHERS_MAX];
    DWORD before = GetProcessHeaps(0, NULL);

    (void)state;
    assert_true(before <= OTHERS_MAX);
    for (int i = 0; i < COUNT; i++)
        heaps[i] = HeapCreate(0, 0, 0);
    assert_true(HeapDestroy(heaps[7]));
    assert_int_equal(GetProcessHeaps(COUNT + OTHERS_MAX, listed), before + COUNT - 1);
    assert_ptr_equal(listed[0], GetProcessHeap());
    assert_promise("handles.listed_in_order", are_in_order(listed + before, heaps, COUNT));
    for (int i = 0; i < COUNT; i++)
        if (i != 7)
            assert_true(HeapDestroy(heaps[i]));
    assert_int_equal(GetProcessHeaps(0, NULL), before);
}

static void a_short_list_is_filled_and_the_total_returned(void **state) {
    DWORD before = GetProcessHeaps(0, NULL);
    HANDLE first = HeapCreate(0, 0, 0), second = HeapCreate(0, 0, 0);
    HANDLE listed[3] = {NULL, NULL, NULL};

    (void)state;
    assert_int_equal(GetProcessHeaps(2, listed), before + 2);
    assert_promise("handles.a_short_list_is_filled",
                   listed[0] == GetProcessHeap() && listed[1] == first);
    assert_null(listed[2]);
    assert_true(HeapDestroy(first));
    assert_true(HeapDestroy(second));
}

/* Whether a call failed, and for the handle; clears the last error for the next call. */
static bool is_refusal(bool failed) {
    DWORD error = GetLastError();

    SetLastError(0);
    return failed && error == ERROR_INVALID_HANDLE;
}

static bool is_dead(HANDLE heap) {
    SetLastError(0);
    return is_refusal(HeapAlloc(heap, 0, 10) == NULL) && is_refusal(!HeapDestroy(heap)) &&
           !HeapValidate(heap, 0, NULL);
}

static bool is_dead_with(HANDLE heap, void *block) {
    return is_dead(heap) && is_refusal(!HeapFree(heap, 0, block)) &&
           is_refusal(HeapSize(heap, 0, block) == (SIZE_T)-1) &&
           is_refusal(HeapReAlloc(heap, 0, block, 200) == NULL);
}

static void a_destroyed_heap_is_known_as_dead(void **state) {
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 100);

    (void)state;
    assert_true(HeapDestroy(heap));
    assert_promise("handles.a_destroyed_heap_is_dead", is_dead_with(heap, block));
}

static bool comes_back(HANDLE dead, DWORD options) {
    for (int i = 0; i < 1024; i++) {
        HANDLE heap = HeapCreate(options, 0, 0);
        if (heap == NULL || !HeapDestroy(heap) || heap == dead)
            return true;
    }
    return false;
}

static void a_handle_stays_dead_for_1024_destroys(void **state) {
    HANDLE dead = HeapCreate(0, 0, 0);

    (void)state;
    assert_true(HeapDestroy(dead));
    assert_promise("handles.dead_for_1024_destroys",
                   !comes_back(dead, HEAP_NO_SERIALIZE) && is_dead(dead));
}

/* A heap that could not be created is no destroyed one: it must not shorten the wait. */
static bool creations_fail(int count) {
    for (int i = 0; i < count; i++) {
        HANDLE heap = HeapCreate(0, 0, SIZE_MAX / 2);
        if (heap != NULL)
            return !HeapDestroy(heap);
    }
    return true;
}

static void failed_creations_do_not_count(void **state) {
    HANDLE dead = HeapCreate(0, 0, 0);

    (void)state;
    assert_true(HeapDestroy(dead));
    assert_promise("handles.failed_creations_do_not_count",
                   creations_fail(3000) && !comes_back(dead, 0));
}

/* What stays behind of a destroyed heap must be bounded. */
static void many_heaps_come_and_go_without_growth(void **state) {
    size_t before = 0;

    (void)state;
    for (int i = 0; i < 12000; i++) {
        HANDLE heap = HeapCreate(0, 0, 0);
        assert_non_null(HeapAlloc(heap, 0, 100));
        assert_true(HeapDestroy(heap));
        if (i == 6000)
            before = engine_pages().resident;
    }
    assert_promise("handles.no_growth", engine_pages().resident < before + 512);
}

static void thousands_of_heaps_live_at_once(void **state) {
    enum { COUNT = 3000 };
    static HANDLE heaps[COUNT];
    static void *blocks[COUNT];

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        heaps[i] = HeapCreate(0, 0, 0);
        assert_non_null(heaps[i]);
        blocks[i] = HeapAlloc(heaps[i], 0, (size_t)i);
        assert_non_null(blocks[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(HeapSize(heaps[i], 0, blocks[i]), i);
        assert_false(HeapValidate(heaps[i], 0, blocks[(i + 1) % COUNT]));
    }
    for (int i = 0; i < COUNT; i++)
        assert_true(HeapDestroy(heaps[i]));
}

ENGINE_TESTS(handles, cmocka_unit_test(the_process_heap_is_one),
             cmocka_unit_test(the_process_heap_is_listed_alone),
             cmocka_unit_test(heaps_are_listed_in_order_of_creation),
             cmocka_unit_test(a_short_list_is_filled_and_the_total_returned),
             cmocka_unit_test(a_destroyed_heap_is_known_as_dead),
             cmocka_unit_test(a_handle_stays_dead_for_1024_destroys),
             cmocka_unit_test(failed_creations_do_not_count),
             cmocka_unit_test(many_heaps_come_and_go_without_growth),
             cmocka_unit_test(thousands_of_heaps_live_at_once))
