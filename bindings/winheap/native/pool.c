#include "pool.h"

#include "layout.h"
#include "os.h"

#define POOL_BYTES ((size_t)64 * 1024) /* of address space at a time */

static char *pool_unused; /* from here... */
static size_t pool_left;  /* ...so many bytes */

void *pool_carve(size_t bytes) {
    char *record;

    if (pool_left < bytes) {
        char *chunk = os_map(POOL_BYTES);
        if (chunk == NULL)
            return NULL;
        pool_unused = chunk;
        pool_left = POOL_BYTES;
    }
    record = pool_unused;
    pool_unused += bytes;
    pool_left -= bytes;
    return record;
}
