/* What the kernel says this process holds. */
#ifndef STRESS_MEMORY_H
#define STRESS_MEMORY_H

#include <stddef.h>

struct memory {
    size_t reserved; /* bytes of address space */
    size_t resident; /* bytes */
};

/* Now; ends the program with a line on stderr where there is no /proc. */
struct memory memory_now(void);

/* The larger of each. */
struct memory memory_most(struct memory a, struct memory b);

#endif
