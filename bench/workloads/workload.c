#include "workload.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the value of this name begins in params; NULL without it. */
static const char *find_value(const char *params, const char *name) {
    size_t length = strlen(name);
    for (const char *p = params; p; p = strchr(p, '/')) {
        p += *p == '/';
        if (strncmp(p, name, length) == 0 && p[length] == '=')
            return p + length + 1;
    }
    return NULL;
}

int64_t workload_number(const char *params, const char *name) {
    const char *value = find_value(params, name);
    if (!value) {
        fprintf(stderr, "heaplab-bench: the case %s has no %s\n", params, name);
        abort();
    }
    return strtoll(value, NULL, 10);
}

int workload_is(const char *params, const char *name, const char *value) {
    const char *found = find_value(params, name);
    size_t length = strlen(value);
    return found && strncmp(found, value, length) == 0 &&
           (found[length] == '/' || found[length] == '\0');
}

/* The number of KiB behind this word in the text of a file of /proc; -1 without it. */
static int64_t kibibytes(const char *text, const char *word) {
    const char *found = strstr(text, word);
    return found ? strtoll(found + strlen(word), NULL, 10) : -1;
}

/* /proc/self/status is up to 256 KiB behind, as threads count their pages by themselves. */
void workload_count_resident(gbench_state *state, const char *counter) {
    char text[4096];
    int file = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    text[length < 0 ? 0 : length] = '\0';
    int64_t resident = kibibytes(text, "\nRss:");
    if (resident < 0)
        gbench_skip(state, "/proc/self/smaps_rollup does not say how much is resident");
    else
        gbench_counter(state, counter, (double)resident * 1024, GBENCH_VALUE);
}

static void shuffle(uint32_t *order, size_t count) {
    uint64_t seed = WORKLOAD_SEED;
    for (size_t left = count; left > 1; left--) {
        size_t j = (size_t)(workload_random(&seed) % left);
        uint32_t kept = order[left - 1];
        order[left - 1] = order[j];
        order[j] = kept;
    }
}

void workload_order(const char *params, uint32_t *order, size_t count) {
    int newest_first = workload_is(params, "order", "lifo");
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)(newest_first ? count - 1 - i : i);
    if (workload_is(params, "order", "random"))
        shuffle(order, count);
}
