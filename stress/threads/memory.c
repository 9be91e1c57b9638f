#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct memory memory_now(void) {
    struct memory memory = {0, 0};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%zu %zu", &memory.reserved, &memory.resident) != 2) {
        perror("/proc/self/statm");
        exit(1);
    }
    fclose(file);
    return (struct memory){memory.reserved * page, memory.resident * page};
}

struct memory memory_most(struct memory a, struct memory b) {
    return (struct memory){a.reserved > b.reserved ? a.reserved : b.reserved,
                           a.resident > b.resident ? a.resident : b.resident};
}
