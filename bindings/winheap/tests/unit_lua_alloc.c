/* winheap_lua_alloc over a heap whose HeapReAlloc fails: no engine's shrinking does on demand. */
#include "winheap/heapapi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static char block[100];
static DWORD refusal; /* the error of every HeapReAlloc */
static DWORD last_error;

// NOLINTNEXTLINE(readability-non-const-parameter): the ABI's signature
LPVOID HeapReAlloc(HANDLE heap, DWORD flags, LPVOID old, SIZE_T size) {
    (void)heap, (void)flags, (void)old, (void)size;
    last_error = refusal;
    return NULL;
}

LPVOID HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size) {
    (void)heap, (void)flags, (void)size;
    fail_msg("allocates");
    return NULL;
}

BOOL HeapFree(HANDLE heap, DWORD flags, LPVOID old) {
    (void)heap, (void)flags, (void)old;
    fail_msg("frees");
    return FALSE;
}

DWORD GetLastError(void) {
    return last_error;
}

void SetLastError(DWORD code) {
    last_error = code;
}

/* The manual: Lua assumes that it cannot fail when the old size is not smaller than the new. */
static void a_block_that_cannot_shrink_stays_as_it_is(void **state) {
    (void)state;
    last_error = 12345;
    refusal = ERROR_NOT_ENOUGH_MEMORY;
    assert_ptr_equal(winheap_lua_alloc(NULL, block, 100, 50), block);
    assert_ptr_equal(winheap_lua_alloc(NULL, block, 100, 100), block);
    assert_int_equal(last_error, 12345);
}

static void a_block_that_cannot_grow_is_refused(void **state) {
    (void)state;
    refusal = ERROR_NOT_ENOUGH_MEMORY;
    assert_null(winheap_lua_alloc(NULL, block, 100, 101));
    assert_int_equal(last_error, ERROR_NOT_ENOUGH_MEMORY);
}

/* To hand it out again would hide it. */
static void misuse_is_refused_when_shrinking_too(void **state) {
    static const DWORD errors[] = {ERROR_INVALID_PARAMETER, ERROR_INVALID_HANDLE};

    (void)state;
    for (int i = 0; i < 2; i++) {
        refusal = errors[i];
        assert_null(winheap_lua_alloc(NULL, block, 100, 50));
        assert_int_equal(last_error, errors[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_that_cannot_shrink_stays_as_it_is),
        cmocka_unit_test(a_block_that_cannot_grow_is_refused),
        cmocka_unit_test(misuse_is_refused_when_shrinking_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
