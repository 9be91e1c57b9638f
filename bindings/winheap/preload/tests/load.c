/*
 * Libraries that allocate in constructors and destructors: linked ones, whose constructors run
 * before and after the preloaded library's, and loaded ones that go before their blocks do.
 */
#include "early.h"
#include "family.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *loaded_library;

static void check_and_free(char *block) {
    assert_non_null(block);
    for (int i = 0; i < 100; i++)
        assert_int_equal(block[i], 'e');
    block = family.realloc(block, 100000);
    assert_int_equal(block[99], 'e');
    family.free(block);
}

static void a_constructors_block_is_a_block(void **state) {
    (void)state;
    check_and_free(early_take());
}

static void blocks_outlive_the_library_that_made_them(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++) {
        void *library = dlopen(loaded_library, RTLD_NOW | RTLD_LOCAL);
        char *(*take)(void);
        char *block;
        assert_non_null(library);
        *(void **)&take = dlsym(library, "early_take");
        assert_non_null(take);
        block = take();
        assert_int_equal(dlclose(library), 0);
        check_and_free(block);
    }
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constructors_block_is_a_block),
        cmocka_unit_test(blocks_outlive_the_library_that_made_them),
    };

    if (argc != 2)
        return 2;
    loaded_library = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
