/*
 * fork beside threads that allocate: the child allocates, frees what it inherited, starts threads
 * and forks again; handlers around the fork allocate too.
 */
#include "early.h"
#include "family.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 3, FORKS = 100, BLOCKS = 2000 };

static atomic_bool stop;
static atomic_int cycles;
static char *inherited[BLOCKS];

static void *allocate_always(void *unused) {
    char *kept[64] = {NULL};

    for (unsigned i = 0; !atomic_load(&stop); i++) {
        family.free(kept[i % 64]);
        kept[i % 64] = family.calloc(1, i * 37 % 70000);
        atomic_fetch_add(&cycles, 1);
    }
    for (int i = 0; i < 64; i++)
        family.free(kept[i]);
    return unused;
}

static void *allocate_some(void *result) {
    for (size_t i = 0; i < BLOCKS; i++)
        family.free(family.malloc(i * 13));
    *(bool *)result = true;
    return family.malloc(100);
}

static bool start_a_thread(void) {
    pthread_t thread;
    bool ran = false;
    void *block = NULL;

    if (pthread_create(&thread, NULL, allocate_some, &ran) != 0)
        return false;
    pthread_join(thread, &block);
    family.free(block);
    return ran;
}

static bool use_what_was_inherited(void) {
    for (size_t i = 0; i < BLOCKS; i += 2) {
        inherited[i] = family.realloc(inherited[i], 3 * i + 100);
        if (inherited[i][0] != (char)i)
            return false;
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        family.free(inherited[i]);
        inherited[i] = family.malloc(i);
    }
    return true;
}

static bool wait_for(pid_t child) {
    int status = -1;

    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* A child that waits for a lock which nobody holds any more ends by a signal. */
static pid_t fork_child(bool (*body)(void)) {
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        alarm(20);
        _exit(body() ? 0 : 1);
    }
    return child;
}

static bool live_as_a_child(void) {
    return use_what_was_inherited() && start_a_thread() && wait_for(fork_child(start_a_thread));
}

static void fill_inherited(void) {
    for (size_t i = 0; i < BLOCKS; i++) {
        inherited[i] = family.malloc(i + 1);
        inherited[i][0] = (char)i;
    }
}

static void children_of_busy_programs_live(void **state) {
    pthread_t threads[THREADS];
    bool lived = true;

    (void)state;
    fill_inherited();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, allocate_always, NULL), 0);
    while (atomic_load(&cycles) < 1000)
        ;
    for (int i = 0; i < FORKS && lived; i++)
        lived = wait_for(fork_child(live_as_a_child));
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(lived);
    for (size_t i = 0; i < BLOCKS; i++) {
        assert_int_equal(inherited[i][0], (char)i);
        family.free(inherited[i]);
    }
}

static bool both_sides_ran(void) {
    return early_forks() == 1;
}

/* The library's handlers are older than anybody's: it is initialized first. */
static void handlers_around_a_fork_allocate(void **state) {
    (void)state;
    assert_true(wait_for(fork_child(both_sides_ran)));
    assert_int_equal(early_forks(), 1);
}

static void programs_are_started(void **state) {
    char line[16] = "";
    FILE *pipe = popen("echo started", "r");

    (void)state;
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof line, pipe));
    assert_string_equal(line, "started\n");
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(WEXITSTATUS(system("exit 3")), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handlers_around_a_fork_allocate),
        cmocka_unit_test(children_of_busy_programs_live),
        cmocka_unit_test(programs_are_started),
    };

    alarm(100); /* the parent may be the one that waits */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
