/*
 * Preloaded beside the library: tells what malloc serves the program, and how its heap stands when
 * the program ends. Adds lines to the file $WINHEAP_WITNESS:
 *
 *     serves PROGRAM     at load: malloc's blocks are the process heap's
 *     foreign PROGRAM    at load: they are not
 *     damaged PROGRAM    at exit: HeapValidate finds the process heap inconsistent
 */
#include "winheap/heapapi.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static HANDLE (*process_heap)(void);
static SIZE_T (*heap_size)(HANDLE, DWORD, LPCVOID);
static BOOL (*heap_validate)(HANDLE, DWORD, LPCVOID);

static void witness_write(const char *word) {
    const char *path = getenv("WINHEAP_WITNESS");
    char line[256];
    int length, file;

    if (path == NULL)
        return;
    length = snprintf(line, sizeof line, "%s %s\n", word, program_invocation_short_name);
    file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0 || write(file, line, (size_t)length) != length)
        abort();
    close(file);
}

__attribute__((constructor)) static void witness_start(void) {
    void *volatile block = malloc(12345);

    *(void **)&process_heap = dlsym(RTLD_DEFAULT, "GetProcessHeap");
    *(void **)&heap_size = dlsym(RTLD_DEFAULT, "HeapSize");
    *(void **)&heap_validate = dlsym(RTLD_DEFAULT, "HeapValidate");
    if (heap_size != NULL && heap_size(process_heap(), 0, block) == 12345)
        witness_write("serves");
    else
        witness_write("foreign");
    free(block);
}

__attribute__((destructor)) static void witness_end(void) {
    if (heap_validate != NULL && !heap_validate(process_heap(), 0, NULL))
        witness_write("damaged");
}
