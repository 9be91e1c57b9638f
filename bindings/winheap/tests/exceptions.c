/* HEAP_GENERATE_EXCEPTIONS: which failures call the handler, and what follows. */
#include "engine.h"

#include <string.h>

#define TOO_MUCH (SIZE_MAX / 2)

static HANDLE heap;
static DWORD raise; /* the flag, where the heap's option has no effect */
static int calls;
static DWORD status_seen;
static jmp_buf escape;

static void note(DWORD status) {
    calls++;
    status_seen = status;
}

static void note_and_jump(DWORD status) {
    note(status);
    longjmp(escape, 1);
}

static int create_heap(void **state) {
    (void)state;
    heap = HeapCreate(HEAP_GENERATE_EXCEPTIONS, 0, 0);
    raise = engine_differs("exceptions.the_option_raises") ? HEAP_GENERATE_EXCEPTIONS : 0;
    calls = 0;
    winheap_set_exception_handler(note);
    return heap == NULL;
}

static int destroy_heap(void **state) {
    (void)state;
    winheap_set_exception_handler(NULL);
    return !HeapDestroy(heap);
}

static void assert_raised(DWORD status) {
    assert_int_equal(calls, 1);
    assert_int_equal(status_seen, status);
    calls = 0;
}

static void the_option_raises(void **state) {
    (void)state;
    assert_null(HeapAlloc(heap, 0, TOO_MUCH));
    assert_promise("exceptions.the_option_raises", calls == 1);
}

static void no_memory_raises(void **state) {
    void *block = HeapAlloc(heap, 0, 10);

    (void)state;
    SetLastError(0);
    assert_null(HeapAlloc(heap, raise, TOO_MUCH));
    assert_raised(STATUS_NO_MEMORY);
    assert_promise("exceptions.the_last_error_is_set", GetLastError() == ERROR_NOT_ENOUGH_MEMORY);
    assert_null(HeapReAlloc(heap, raise, block, TOO_MUCH));
    assert_raised(STATUS_NO_MEMORY);
    assert_int_equal(HeapSize(heap, 0, block), 10);
}

static void a_refused_move_raises(void **state) {
    void *blocks[2] = {HeapAlloc(heap, 0, 64), HeapAlloc(heap, 0, 64)};

    (void)state;
    assert_null(HeapReAlloc(heap, raise | HEAP_REALLOC_IN_PLACE_ONLY, blocks[0], 5000));
    assert_raised(STATUS_NO_MEMORY);
    assert_int_equal(HeapSize(heap, 0, blocks[0]), 64);
}

static void the_flag_works_on_any_heap(void **state) {
    HANDLE silent = HeapCreate(0, 0, 0);

    (void)state;
    assert_null(HeapAlloc(silent, 0, TOO_MUCH));
    assert_int_equal(calls, 0);
    assert_null(HeapAlloc(silent, HEAP_GENERATE_EXCEPTIONS, TOO_MUCH));
    assert_raised(STATUS_NO_MEMORY);
    assert_true(HeapDestroy(silent));
}

static void a_bad_handle_raises_when_asked(void **state) {
    (void)state;
    assert_null(HeapAlloc(NULL, HEAP_GENERATE_EXCEPTIONS, 10));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    assert_promise("exceptions.a_bad_handle_raises",
                   calls == 1 && status_seen == STATUS_ACCESS_VIOLATION);
    calls = 0;
    assert_null(HeapAlloc(NULL, 0, 10));
    assert_int_equal(calls, 0);
}

static void a_bad_pointer_raises(void **state) {
    int local;

    (void)state;
    assert_null(HeapReAlloc(heap, raise, &local, 10));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_promise("exceptions.a_bad_pointer_raises",
                   calls == 1 && status_seen == STATUS_ACCESS_VIOLATION);
}

static void success_raises_nothing(void **state) {
    void *block = HeapAlloc(heap, 0, 10);

    (void)state;
    block = HeapReAlloc(heap, 0, block, 5000);
    assert_true(HeapFree(heap, 0, block));
    assert_int_equal(calls, 0);
}

/* The handler leaves by longjmp: the heap's lock must not stay held. */
static void the_handler_may_jump_out(void **state) {
    (void)state;
    winheap_set_exception_handler(note_and_jump);
    if (setjmp(escape) == 0) {
        HeapAlloc(heap, raise, TOO_MUCH);
        fail();
    }
    assert_raised(STATUS_NO_MEMORY);
    assert_non_null(HeapAlloc(heap, 0, 10));
    assert_true(HeapValidate(heap, 0, NULL));
}

static void setting_returns_what_was_set(void **state) {
    (void)state;
    assert_true(winheap_set_exception_handler(note_and_jump) == note);
    assert_true(winheap_set_exception_handler(NULL) == note_and_jump);
    assert_true(winheap_set_exception_handler(note) == NULL);
}

static bool fail_unhandled(void) {
    winheap_set_exception_handler(NULL);
    HeapAlloc(heap, raise, TOO_MUCH);
    return true;
}

static void unhandled_prints_one_line_and_aborts(void **state) {
    char text[512];
    const char *end;

    (void)state;
    assert_int_equal(engine_in_child_heard(fail_unhandled, text, sizeof text), ENGINE_ABORTED);
    end = strchr(text, '\n');
    assert_promise("exceptions.unhandled_prints_one_line",
                   strstr(text, "0xC0000017") != NULL && end != NULL && end[1] == '\0');
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(exceptions, TEST(the_option_raises), TEST(no_memory_raises),
             TEST(a_refused_move_raises), TEST(the_flag_works_on_any_heap),
             TEST(a_bad_handle_raises_when_asked), TEST(a_bad_pointer_raises),
             TEST(success_raises_nothing), TEST(the_handler_may_jump_out),
             TEST(setting_returns_what_was_set), TEST(unhandled_prints_one_line_and_aborts))
