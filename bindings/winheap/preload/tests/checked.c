/*
 * What only our malloc family does: blocks are the process heap's, have their exact sizes, and a
 * pointer that is no block ends the program. Fails on glibc's family, which the control runs.
 */
#include "family.h"

#include "winheap/heapapi.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the process heap, as the preloaded library shows it to the program ---- */

static struct {
    HANDLE (*GetProcessHeap)(void);
    SIZE_T (*HeapSize)(HANDLE, DWORD, LPCVOID);
    BOOL (*HeapValidate)(HANDLE, DWORD, LPCVOID);
} api;

static int find_api(void **state) {
    (void)state;
    *(void **)&api.GetProcessHeap = dlsym(RTLD_DEFAULT, "GetProcessHeap");
    *(void **)&api.HeapSize = dlsym(RTLD_DEFAULT, "HeapSize");
    *(void **)&api.HeapValidate = dlsym(RTLD_DEFAULT, "HeapValidate");
    return api.GetProcessHeap == NULL || api.HeapSize == NULL || api.HeapValidate == NULL;
}

static void assert_block(void *block, size_t size) {
    assert_non_null(block);
    assert_int_equal(family.malloc_usable_size(block), size);
    assert_int_equal(api.HeapSize(api.GetProcessHeap(), 0, block), size);
    family.free(block);
    assert_false(api.HeapValidate(api.GetProcessHeap(), 0, block));
}

static void every_block_is_the_process_heaps(void **state) {
    void *aligned = NULL;

    (void)state;
    assert_block(family.malloc(37), 37);
    assert_block(family.malloc(0), 0);
    assert_block(family.calloc(3, 11), 33);
    assert_block(family.realloc(NULL, 777), 777);
    assert_block(family.realloc(malloc(5), 3000000), 3000000);
    assert_block(family.reallocarray(malloc(5), 50, 50), 2500);
    assert_int_equal(family.posix_memalign(&aligned, 4096, 5), 0);
    assert_block(aligned, 5);
    assert_block(family.memalign(64, 100), 100);
    assert_block(family.memalign((size_t)1 << 20, 100), 100);
    assert_block(family.memalign((size_t)8 << 20, 100), 100);
    assert_block(family.aligned_alloc(256, 1000), 1000);
    assert_block(family.valloc(5000), 5000);
    assert_block(family.pvalloc(5000), 8192);
    assert_block(strdup("eleven"), 7);
    assert_true(api.HeapValidate(api.GetProcessHeap(), 0, NULL));
}

static void realloc_to_nothing_frees(void **state) {
    void *block = family.malloc(100);

    (void)state;
    assert_null(family.realloc(block, 0));
    assert_false(api.HeapValidate(api.GetProcessHeap(), 0, block));
}

/* ---- planted faults ---- */

static char not_a_block[64];

static void free_twice(void) {
    void *block = family.malloc(100);

    family.free(block);
    family.free(block);
}

static void free_interior(void) {
    family.free((char *)family.malloc(100) + 16);
}

static void free_static(void) {
    family.free(not_a_block);
}

static void free_stack(void) {
    char local[64];

    family.free(local);
}

static void free_wild(void) {
    family.free((void *)(uintptr_t)0xdeadbeefcafebabe);
}

static void free_large_twice(void) {
    void *block = family.malloc(50000000);

    family.free(block);
    family.free(block);
}

static void realloc_freed(void) {
    void *block = family.malloc(100);

    family.free(block);
    family.realloc(block, 200);
}

static void ask_freed(void) {
    void *block = family.malloc(100);

    family.free(block);
    family.malloc_usable_size(block);
}

/* What the fault printed on stderr before it ended the child, and how the child ended. */
static int output_of(void (*fault)(void), char *text, size_t room) {
    static const struct rlimit no_core = {0, 0};
    int ends[2], status = -1;
    ssize_t length;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL); /* cmocka's own would go on with the next test */
        dup2(ends[1], STDERR_FILENO);
        fault();
        _exit(0);
    }
    close(ends[1]);
    length = read(ends[0], text, room - 1);
    text[length < 0 ? 0 : length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void assert_refused(void (*fault)(void), const char *function) {
    char text[256], expected[96], after;
    int status = output_of(fault, text, sizeof text);
    unsigned long long pointer;

    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    snprintf(expected, sizeof expected, "winheap: %s(): not a live block: 0x%%llx%%c", function);
    // NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): the format is two lines above
    assert_int_equal(sscanf(text, expected, &pointer, &after), 2);
    assert_int_equal(after, '\n');
}

static void what_is_no_block_ends_the_program(void **state) {
    (void)state;
    assert_refused(free_twice, "free");
    assert_refused(free_interior, "free");
    assert_refused(free_static, "free");
    assert_refused(free_stack, "free");
    assert_refused(free_wild, "free");
    assert_refused(free_large_twice, "free");
    assert_refused(realloc_freed, "realloc");
    assert_refused(ask_freed, "malloc_usable_size");
}

static void the_line_names_the_pointer(void **state) {
    char text[256];

    (void)state;
    output_of(free_wild, text, sizeof text);
    assert_string_equal(text, "winheap: free(): not a live block: 0xdeadbeefcafebabe\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_is_the_process_heaps),
        cmocka_unit_test(realloc_to_nothing_frees),
        cmocka_unit_test(what_is_no_block_ends_the_program),
        cmocka_unit_test(the_line_names_the_pointer),
    };

    return cmocka_run_group_tests(tests, find_api, NULL);
}
