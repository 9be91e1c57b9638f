/* HeapQueryInformation and HeapSetInformation: the front end, termination, resources. */
#include "engine.h"

#include <string.h>

#define MIB ((size_t)1 << 20)

_Static_assert(sizeof(HEAP_OPTIMIZE_RESOURCES_INFORMATION) == 8, "as on Windows for x64");

static HANDLE heap;

static int create_heap(void **state) {
    (void)state;
    heap = HeapCreate(0, 0, 0);
    SetLastError(12345);
    return heap == NULL;
}

static int destroy_heap(void **state) {
    (void)state;
    return !HeapDestroy(heap);
}

/* What a heap says it is; 99 when it says nothing. */
static ULONG front_end(HANDLE of) {
    ULONG value = 99;
    SIZE_T returned = 0;

    if (!HeapQueryInformation(of, HeapCompatibilityInformation, &value, sizeof value, &returned) ||
        returned != sizeof value)
        return 99;
    return value;
}

/* Whether the value is taken, with the last error as it was; or refused with this error. */
static bool is_set(HANDLE of, ULONG value) {
    SetLastError(12345);
    return HeapSetInformation(of, HeapCompatibilityInformation, &value, sizeof value) &&
           GetLastError() == 12345;
}

static bool is_not_set(HANDLE of, ULONG value, DWORD error) {
    SetLastError(0);
    return !HeapSetInformation(of, HeapCompatibilityInformation, &value, sizeof value) &&
           GetLastError() == error;
}

static void a_heap_is_standard_until_asked_otherwise(void **state) {
    (void)state;
    assert_int_equal(front_end(heap), 0);
    assert_true(is_set(heap, 2));
    assert_promise("information.what_is_set_is_told", front_end(heap) == 2);
    assert_true(is_set(heap, 2));
    assert_non_null(HeapAlloc(heap, 0, 100));
    assert_true(HeapValidate(heap, 0, NULL));
}

static void there_is_no_way_back(void **state) {
    (void)state;
    assert_true(is_set(heap, 2));
    assert_promise("information.there_is_no_way_back", is_not_set(heap, 0, ERROR_GEN_FAILURE) &&
                                                           is_not_set(heap, 1, ERROR_GEN_FAILURE) &&
                                                           front_end(heap) == 2);
}

static void there_are_two_kinds_of_heaps(void **state) {
    (void)state;
    assert_true(is_set(heap, 0));
    assert_promise("information.there_are_two_kinds", is_not_set(heap, 1, ERROR_GEN_FAILURE) &&
                                                          is_not_set(heap, 3, ERROR_GEN_FAILURE));
    assert_int_equal(front_end(heap), 0);
}

static void some_heaps_stay_standard(void **state) {
    const HANDLE heaps[] = {HeapCreate(HEAP_NO_SERIALIZE, 0, 0), HeapCreate(0, 0, MIB)};

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_promise("information.some_heaps_stay_standard",
                       is_not_set(heaps[i], 2, ERROR_INVALID_PARAMETER));
        assert_int_equal(front_end(heaps[i]), 0);
        assert_true(HeapDestroy(heaps[i]));
    }
}

static void a_new_heap_knows_nothing_of_a_destroyed_one(void **state) {
    (void)state;
    for (int i = 0; i < 3000; i++) {
        HANDLE next = HeapCreate(0, 0, 0);
        assert_int_equal(front_end(next), 0);
        assert_true(is_set(next, 2));
        assert_true(HeapDestroy(next));
    }
}

static bool is_no_query(HANDLE of, int kind, SIZE_T length, DWORD error) {
    ULONG values[2] = {99, 99};

    SetLastError(0);
    return !HeapQueryInformation(of, (HEAP_INFORMATION_CLASS)kind, values, length, NULL) &&
           GetLastError() == error && values[0] == 99;
}

static void questions_that_cannot_be_answered(void **state) {
    HANDLE dead = HeapCreate(0, 0, 0);
    SIZE_T returned = 0;
    ULONG value = 99;

    (void)state;
    assert_true(HeapDestroy(dead));
    SetLastError(0);
    assert_false(HeapQueryInformation(heap, HeapCompatibilityInformation, &value, 3, &returned));
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(returned, 4);
    assert_int_equal(value, 99);
    assert_true(is_no_query(heap, 12, 8, ERROR_INVALID_PARAMETER));
    assert_true(is_no_query(heap, -1, 8, ERROR_INVALID_PARAMETER));
    assert_true(is_no_query(heap, HeapCompatibilityInformation, 0, ERROR_INSUFFICIENT_BUFFER));
    assert_promise("information.what_is_no_heap_has_none",
                   is_no_query(NULL, HeapCompatibilityInformation, 4, ERROR_NOACCESS) &&
                       is_no_query(dead, HeapCompatibilityInformation, 4, ERROR_INVALID_HANDLE));
}

static bool is_refused(HANDLE of, int kind, void *information, SIZE_T length, DWORD error) {
    SetLastError(0);
    return !HeapSetInformation(of, (HEAP_INFORMATION_CLASS)kind, information, length) &&
           GetLastError() == error;
}

static void settings_that_cannot_be_made(void **state) {
    HANDLE dead = HeapCreate(0, 0, 0);
    ULONG two = 2;

    (void)state;
    assert_true(HeapDestroy(dead));
    assert_promise(
        "information.too_little_is_refused",
        is_refused(heap, HeapCompatibilityInformation, &two, 3, ERROR_INSUFFICIENT_BUFFER));
    assert_promise(
        "information.what_is_no_heap_is_not_set",
        is_refused(dead, HeapCompatibilityInformation, &two, 4, ERROR_INVALID_HANDLE) &&
            is_refused(NULL, HeapCompatibilityInformation, &two, 4, ERROR_INVALID_HANDLE));
    assert_promise("information.unknown_classes_are_refused",
                   is_refused(heap, 2, &two, 4, ERROR_INVALID_PARAMETER) &&
                       is_refused(heap, 12, &two, 4, ERROR_INVALID_PARAMETER));
    assert_int_equal(front_end(heap), 0);
}

/* ---- termination on corruption: in children, for it is for good ---- */

static bool asks_for_termination(void) {
    return HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
}

static bool frees_twice(void) {
    void *block = HeapAlloc(heap, 0, 100);

    for (int i = 0; i < 2; i++)
        if (!asks_for_termination() || !HeapFree(heap, 0, block))
            return false;
    return true;
}

static bool frees_once(void) {
    HANDLE other = HeapCreate(0, 0, 0);

    return asks_for_termination() && HeapFree(heap, 0, HeapAlloc(heap, 0, 100)) &&
           HeapFree(heap, 0, NULL) && HeapReAlloc(heap, 0, &heap, 100) == NULL &&
           !HeapFree(NULL, 0, &heap) && HeapDestroy(other) && !HeapFree(other, 0, &heap);
}

static void a_refused_free_ends_the_process_when_asked(void **state) {
    char heard[200] = "";

    (void)state;
    assert_promise("information.a_refused_free_ends_the_process",
                   engine_in_child_heard(frees_twice, heard, sizeof heard) == ENGINE_ABORTED &&
                       strstr(heard, "HeapFree") != NULL);
    assert_promise("information.other_misuse_is_no_end",
                   engine_in_child(frees_once) == ENGINE_TRUE);
    assert_false(HeapFree(heap, 0, &heap)); /* nobody asked for it here */
}

/* ---- resources ---- */

static void leave_64_mib_unused(HANDLE of) {
    static void *blocks[1024];

    for (int i = 0; i < 1024; i++)
        memset(blocks[i] = HeapAlloc(of, 0, 65000), 1, 65000);
    for (int i = 0; i < 1024; i++)
        assert_true(HeapFree(of, 0, blocks[i]));
}

static void unused_resources_are_returned(void **state) {
    HEAP_OPTIMIZE_RESOURCES_INFORMATION wanted = {HEAP_OPTIMIZE_RESOURCES_CURRENT_VERSION, 0};
    const HANDLE targets[] = {heap, NULL};

    (void)state;
    for (int i = 0; i < 2; i++) {
        size_t before = engine_pages().resident;
        leave_64_mib_unused(heap);
        SetLastError(12345);
        assert_true(HeapSetInformation(targets[i], HeapOptimizeResources, &wanted, sizeof wanted));
        assert_int_equal(GetLastError(), 12345);
        assert_promise("information.resources_are_returned",
                       engine_pages().resident <= before + 8 * MIB / 4096);
    }
    assert_true(HeapValidate(heap, 0, NULL));
}

static void wrong_resources_are_refused(void **state) {
    HEAP_OPTIMIZE_RESOURCES_INFORMATION wanted = {HEAP_OPTIMIZE_RESOURCES_CURRENT_VERSION, 0};
    HANDLE dead = HeapCreate(0, 0, 0);

    (void)state;
    assert_true(HeapDestroy(dead));
    assert_promise("information.too_little_to_optimize",
                   is_refused(heap, HeapOptimizeResources, &wanted, 7, ERROR_INSUFFICIENT_BUFFER) &&
                       is_refused(heap, HeapOptimizeResources, NULL, 8, ERROR_INVALID_PARAMETER));
    assert_promise("information.no_heap_to_optimize",
                   is_refused(dead, HeapOptimizeResources, &wanted, 8, ERROR_INVALID_HANDLE));
    wanted.Flags = 1;
    assert_promise("information.no_such_optimization",
                   is_refused(heap, HeapOptimizeResources, &wanted, 8, ERROR_INVALID_PARAMETER));
    wanted = (HEAP_OPTIMIZE_RESOURCES_INFORMATION){2, 0};
    assert_promise("information.no_such_optimization",
                   is_refused(heap, HeapOptimizeResources, &wanted, 8, ERROR_INVALID_PARAMETER));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(information, TEST(a_heap_is_standard_until_asked_otherwise),
             TEST(there_is_no_way_back), TEST(there_are_two_kinds_of_heaps),
             TEST(some_heaps_stay_standard), TEST(a_new_heap_knows_nothing_of_a_destroyed_one),
             TEST(questions_that_cannot_be_answered), TEST(settings_that_cannot_be_made),
             TEST(a_refused_free_ends_the_process_when_asked), TEST(unused_resources_are_returned),
             TEST(wrong_resources_are_refused))
