/* The harness's half for POSIX: shared libraries, forked children, and /proc. */
#include "engine.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void *library;

void engine_open(const char *path) {
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        engine_fail(dlerror());
}

/* Through memcpy: ISO C has no conversion from an object's address to a function's. */
engine_function engine_symbol(const char *name) {
    void *symbol = dlsym(library, name);
    engine_function function;

    if (symbol == NULL)
        engine_fail(dlerror());
    memcpy(&function, &symbol, sizeof function);
    return function;
}

/* A child that waits for a lock nobody holds any more ends by a signal instead of never. */
#define CHILD_SECONDS 10

/* A crash shall end the child: cmocka's handlers would go on with the next test in it. */
static _Noreturn void child_run(bool (*body)(void), const int *heard) {
    signal(SIGABRT, SIG_DFL);
    signal(SIGSEGV, SIG_DFL);
    alarm(CHILD_SECONDS);
    if (heard != NULL)
        dup2(heard[1], STDERR_FILENO);
    _exit(body() ? 0 : 1);
}

static enum engine_end child_end(pid_t child) {
    int status = -1;

    while (waitpid(child, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    if (WIFEXITED(status))
        return WEXITSTATUS(status) == 0 ? ENGINE_TRUE : ENGINE_FALSE;
    return WTERMSIG(status) == SIGABRT ? ENGINE_ABORTED : ENGINE_CRASHED;
}

static void child_hear(const int *heard, char *text, size_t size) {
    FILE *stream = fdopen(heard[0], "r");

    close(heard[1]);
    assert_non_null(stream);
    text[fread(text, 1, size - 1, stream)] = '\0';
    fclose(stream);
}

enum engine_end engine_in_child_heard(bool (*body)(void), char *text, size_t size) {
    int heard[2];
    pid_t child;

    fflush(NULL);
    if (text != NULL)
        assert_int_equal(pipe(heard), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        child_run(body, text != NULL ? heard : NULL);
    if (text != NULL)
        child_hear(heard, text, size);
    return child_end(child);
}

struct engine_pages engine_pages(void) {
    struct engine_pages pages = {0, 0};
    FILE *file = fopen("/proc/self/statm", "r");

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%zu %zu", &pages.reserved, &pages.resident), 2);
    fclose(file);
    return pages;
}

bool engine_lock_pages(void *start, size_t bytes) {
    return mlock(start, bytes) == 0;
}
