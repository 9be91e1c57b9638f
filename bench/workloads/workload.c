#include "workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
