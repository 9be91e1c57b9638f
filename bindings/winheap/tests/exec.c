/* HEAP_CREATE_ENABLE_EXECUTE: code that a program writes into a block runs there. */
#include "engine.h"

#include <string.h>

#ifndef __x86_64__
#error "the machine code below is x86-64's"
#endif

/* mov eax, number; ret: the same in every calling convention. */
enum { CODE_BYTES = 6 };

static HANDLE heap;

static int create_heap(void **state) {
    (void)state;
    heap = HeapCreate(HEAP_CREATE_ENABLE_EXECUTE, 0, 0);
    return 0;
}

static int destroy_heap(void **state) {
    (void)state;
    return heap != NULL && !HeapDestroy(heap);
}

static void write_code(unsigned char *block, int number) {
    block[0] = 0xB8;
    memcpy(block + 1, &number, sizeof number);
    block[5] = 0xC3;
}

/* Through memcpy: ISO C has no conversion from an object's address to a function's. */
static int run_code(const unsigned char *block) {
    int (*function)(void);

    memcpy(&function, &block, sizeof function);
    return function();
}

static void such_heaps_can_be_made(void **state) {
    (void)state;
    assert_promise("exec.heaps_can_be_made", heap != NULL);
}

static const size_t sizes[] = {CODE_BYTES, 100, 5000, 60000, 300000, 5000000};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static bool code_runs_in_every_block(void) {
    for (int i = 0; i < SIZES; i++) {
        unsigned char *block = HeapAlloc(heap, 0, sizes[i]);
        write_code(block, 1000 + i);
        if (run_code(block) != 1000 + i)
            return false;
        write_code(block + sizes[i] - CODE_BYTES, -i);
        if (run_code(block + sizes[i] - CODE_BYTES) != -i)
            return false;
    }
    return true;
}

static void code_runs(void **state) {
    (void)state;
    assert_promise("exec.code_runs",
                   heap != NULL && engine_in_child(code_runs_in_every_block) == ENGINE_TRUE);
}

static bool code_moves(void) {
    unsigned char *block = HeapAlloc(heap, 0, CODE_BYTES);

    write_code(block, 4711);
    for (int i = 0; i < SIZES; i++) {
        block = HeapReAlloc(heap, 0, block, sizes[i] + 1);
        if (block == NULL || run_code(block) != 4711)
            return false;
        HeapAlloc(heap, 0, sizes[i] + 1); /* in the way of the next */
    }
    return true;
}

static void code_runs_where_it_has_moved_to(void **state) {
    (void)state;
    assert_promise("exec.code_moves", heap != NULL && engine_in_child(code_moves) == ENGINE_TRUE);
}

static bool pages_are_executable_again(void) {
    for (int round = 0; round < 3; round++) {
        void *blocks[SIZES];
        for (int i = 0; i < SIZES; i++) {
            blocks[i] = HeapAlloc(heap, HEAP_ZERO_MEMORY, sizes[i]);
            write_code(blocks[i], i);
            if (run_code(blocks[i]) != i)
                return false;
        }
        for (int i = 0; i < SIZES; i++)
            HeapFree(heap, 0, blocks[i]);
        HeapCompact(heap, 0);
    }
    return true;
}

static void pages_that_were_given_back_are_executable_again(void **state) {
    (void)state;
    assert_promise("exec.after_compact",
                   heap != NULL && engine_in_child(pages_are_executable_again) == ENGINE_TRUE);
}

static HANDLE plain;

static bool code_runs_in_a_plain_heap(void) {
    unsigned char *block = HeapAlloc(plain, 0, 100);

    write_code(block, 1);
    return run_code(block) == 1;
}

/* Also not where pages of an executable heap were before. */
static void data_of_other_heaps_is_not_executable(void **state) {
    (void)state;
    if (heap != NULL) {
        for (int i = 0; i < SIZES; i++)
            assert_non_null(HeapAlloc(heap, 0, sizes[i]));
        assert_true(HeapDestroy(heap));
        heap = NULL;
    }
    for (int i = 0; i < 3; i++) {
        plain = HeapCreate(0, 0, i == 1 ? (SIZE_T)8 << 20 : 0);
        assert_int_equal(engine_in_child(code_runs_in_a_plain_heap), ENGINE_CRASHED);
        assert_true(HeapDestroy(plain));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(exec, TEST(such_heaps_can_be_made), TEST(code_runs),
             TEST(code_runs_where_it_has_moved_to),
             TEST(pages_that_were_given_back_are_executable_again),
             TEST(data_of_other_heaps_is_not_executable))
