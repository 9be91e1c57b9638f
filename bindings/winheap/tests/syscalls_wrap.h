/*
 * The engine's calls for address space and pages, linked through functions of ours (--wrap): they
 * are counted from the program's start, one or more of them fail, and what is mapped is summed up.
 */
#ifndef WINHEAP_TESTS_SYSCALLS_WRAP_H
#define WINHEAP_TESTS_SYSCALLS_WRAP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How the k-th call is treated: it fails once; all fail from it on; all but munmap do. Then faults
 * of an engine: a munmap that is forgotten, and a move by mremap that loses what lies
 * beyond its first WRAP_KEPT bytes.
 */
#define WRAP_KEPT ((size_t)128 << 10)
enum wrap_mode { WRAP_NONE, WRAP_ONCE, WRAP_ALL, WRAP_SCARCE, WRAP_LEAK, WRAP_LOSE };

struct wrap {
    enum wrap_mode mode; /* from the variable SYSCALLS, "MODE K", before the first call */
    size_t k;
    size_t calls;
    size_t failed;   /* calls that were made to fail, or faults planted */
    size_t mapped;   /* bytes */
    size_t stranded; /* bytes that the engine wanted to unmap, and was refused */
};
extern struct wrap wrap;

#endif
