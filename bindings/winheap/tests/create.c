/* HeapCreate and HeapDestroy: options, sizes, and which handles are no heaps. */
#include "engine.h"

#include <stdio.h>
#include <string.h>

#define MIB ((size_t)1 << 20)

static void handle_is_aligned_to_64_kib(void **state) {
    HANDLE heap = HeapCreate(0, 0, 0);

    (void)state;
    assert_non_null(heap);
    assert_int_equal((uintptr_t)heap % 65536, 0);
    assert_true(HeapDestroy(heap));
}

/* What is created in spite of it goes again. */
static bool is_refused(DWORD options, SIZE_T initial, SIZE_T max, DWORD error) {
    HANDLE heap;

    SetLastError(0);
    heap = HeapCreate(options, initial, max);
    return heap == NULL ? GetLastError() == error : !HeapDestroy(heap);
}

static void every_built_option_is_accepted(void **state) {
    static const DWORD options[] = {HEAP_NO_SERIALIZE, HEAP_GENERATE_EXCEPTIONS, HEAP_ZERO_MEMORY,
                                    HEAP_CREATE_ALIGN_16, HEAP_CREATE_ENABLE_TRACING};

    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        HANDLE heap = HeapCreate(options[i], 0, 0);
        assert_non_null(heap);
        assert_non_null(HeapAlloc(heap, 0, 100));
        assert_true(HeapDestroy(heap));
    }
}

static bool unknown_options_are_all_refused(void) {
    const DWORD known = HEAP_NO_SERIALIZE | HEAP_GENERATE_EXCEPTIONS | HEAP_ZERO_MEMORY |
                        HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED |
                        HEAP_CREATE_SEGMENT_HEAP | HEAP_CREATE_HARDENED | HEAP_CREATE_ALIGN_16 |
                        HEAP_CREATE_ENABLE_TRACING | HEAP_CREATE_ENABLE_EXECUTE;

    for (int bit = 0; bit < 32; bit++) {
        DWORD option = (DWORD)1 << bit;
        if (!(option & known) && !is_refused(option, 0, 0, ERROR_INVALID_PARAMETER))
            return false;
    }
    return true;
}

static void unknown_options_are_refused(void **state) {
    (void)state;
    assert_promise("create.unknown_options_are_refused", unknown_options_are_all_refused());
}

static void initial_above_max_is_refused(void **state) {
    (void)state;
    assert_promise("create.initial_above_max_is_refused",
                   is_refused(0, 8193, 8192, ERROR_INVALID_PARAMETER));
}

static void sizes_that_no_machine_has_are_refused(void **state) {
    (void)state;
    assert_promise("create.an_endless_max_is_refused",
                   is_refused(0, 0, SIZE_MAX, ERROR_NOT_ENOUGH_MEMORY));
    assert_promise("create.an_endless_initial_is_refused",
                   is_refused(0, SIZE_MAX, 0, ERROR_NOT_ENOUGH_MEMORY));
    assert_promise("create.half_of_all_addresses_are_refused",
                   is_refused(0, 0, SIZE_MAX / 2, ERROR_NOT_ENOUGH_MEMORY));
}

static void initial_beyond_the_machine_is_refused(void **state) {
    (void)state;
    assert_promise("create.initial_beyond_the_machine_is_refused",
                   is_refused(0, (SIZE_T)1 << 45, 0, ERROR_NOT_ENOUGH_MEMORY));
}

static void initial_is_committed_at_once(void **state) {
    const size_t initial = 24 * MIB;
    size_t before = engine_pages().resident;
    HANDLE heap = HeapCreate(0, initial, 0);
    size_t after = engine_pages().resident;

    (void)state;
    assert_non_null(heap);
    /* 1/16 off: the kernel counts resident pages in batches. */
    assert_promise("create.initial_is_committed",
                   after >= before + (initial - initial / 16) / 4096);
    assert_true(HeapDestroy(heap));
}

static void max_is_reserved_at_once(void **state) {
    const size_t max = 1024 * MIB;
    size_t before = engine_pages().reserved;
    HANDLE heap = HeapCreate(0, 0, max);
    size_t after = engine_pages().reserved;

    (void)state;
    assert_non_null(heap);
    assert_promise("create.max_is_reserved", after >= before + max / 4096);
    assert_true(HeapDestroy(heap));
}

static void a_heap_with_initial_and_max_works(void **state) {
    HANDLE heap = HeapCreate(0, 4096, 65536);

    (void)state;
    assert_non_null(heap);
    assert_non_null(HeapAlloc(heap, 0, 1024));
    assert_true(HeapValidate(heap, 0, NULL));
    assert_true(HeapDestroy(heap));
}

static void success_leaves_the_last_error_alone(void **state) {
    HANDLE heap;

    (void)state;
    SetLastError(12345);
    heap = HeapCreate(0, 4096, 65536);
    assert_non_null(heap);
    assert_true(HeapDestroy(heap));
    assert_int_equal(GetLastError(), 12345);
}

static bool is_no_heap(HANDLE handle) {
    SetLastError(0);
    return !HeapDestroy(handle) && GetLastError() == ERROR_INVALID_HANDLE;
}

static void what_is_no_heap_cannot_be_destroyed(void **state) {
    HANDLE heap = HeapCreate(0, 0, 0);
    char *handle = heap;
    int local = 0;

    (void)state;
    assert_promise("create.null_is_no_heap", is_no_heap(NULL));
    assert_promise("create.readable_memory_is_no_heap", is_no_heap(&local));
    assert_promise("create.any_value_is_no_heap", is_no_heap((HANDLE)(intptr_t)-1) &&
                                                      is_no_heap((HANDLE)1) &&
                                                      is_no_heap((HANDLE)0x800000000000) &&
                                                      is_no_heap((HANDLE)(intptr_t)(65536 * 64)));
    assert_promise("create.what_lies_in_a_heap_is_none",
                   is_no_heap(handle + 1) && is_no_heap(handle + 16) && is_no_heap(handle + 4096));
    assert_true(HeapDestroy(heap));
    assert_promise("create.a_destroyed_heap_is_none", is_no_heap(heap));
}

static void the_process_heap_cannot_be_destroyed(void **state) {
    (void)state;
    assert_promise("create.the_process_heap_stays", is_no_heap(GetProcessHeap()));
    assert_non_null(HeapAlloc(GetProcessHeap(), 0, 10));
}

static bool serves_every_kind(HANDLE heap) {
    for (size_t size = 1; size < 4 * MIB; size = size * 3 + 1)
        if (HeapAlloc(heap, 0, size) == NULL)
            return false;
    return true;
}

static void destroy_takes_every_kind_of_block(void **state) {
    (void)state;
    for (int round = 0; round < 50; round++) {
        HANDLE heap = HeapCreate(0, 0, 0);
        HANDLE limited = HeapCreate(0, 0, 64 * MIB);
        assert_true(serves_every_kind(heap));
        assert_promise("create.limited_heaps_serve_large_blocks", serves_every_kind(limited));
        assert_true(HeapDestroy(heap));
        assert_true(HeapDestroy(limited));
    }
}

/* Whatever a destroyed heap held must be gone: 200 heaps of 16 MiB would show. */
static void destroy_returns_the_memory(void **state) {
    size_t before = engine_pages().resident;

    (void)state;
    for (int round = 0; round < 200; round++) {
        HANDLE heap = HeapCreate(0, 0, 0);
        for (int i = 0; i < 256; i++)
            assert_non_null(HeapAlloc(heap, HEAP_ZERO_MEMORY, 65536));
        assert_true(HeapDestroy(heap));
    }
    assert_true(engine_pages().resident < before + 128 * MIB / 4096);
}

static bool names_version_and_build(void) {
    char name[64], version[64], build[128];

    return winheap_version() != NULL &&
           sscanf(winheap_engine(), "%63s %63s %127s", name, version, build) == 3 &&
           strlen(build) == 40 && strspn(build, "0123456789abcdef") == 40;
}

static void identity_names_engine_version_and_build(void **state) {
    (void)state;
    assert_promise("create.identity_names_the_build", names_version_and_build());
    assert_ptr_equal(winheap_engine(), winheap_engine());
}

ENGINE_TESTS(create, cmocka_unit_test(handle_is_aligned_to_64_kib),
             cmocka_unit_test(every_built_option_is_accepted),
             cmocka_unit_test(unknown_options_are_refused),
             cmocka_unit_test(initial_above_max_is_refused),
             cmocka_unit_test(sizes_that_no_machine_has_are_refused),
             cmocka_unit_test(initial_beyond_the_machine_is_refused),
             cmocka_unit_test(initial_is_committed_at_once),
             cmocka_unit_test(max_is_reserved_at_once),
             cmocka_unit_test(a_heap_with_initial_and_max_works),
             cmocka_unit_test(success_leaves_the_last_error_alone),
             cmocka_unit_test(what_is_no_heap_cannot_be_destroyed),
             cmocka_unit_test(the_process_heap_cannot_be_destroyed),
             cmocka_unit_test(destroy_takes_every_kind_of_block),
             cmocka_unit_test(destroy_returns_the_memory),
             cmocka_unit_test(identity_names_engine_version_and_build))
