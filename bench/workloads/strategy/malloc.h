#include <stdlib.h>

static inline void *strategy_alloc(const strategy *s, size_t size) {
    (void)s;
    return malloc(size);
}

static inline void *strategy_zalloc(const strategy *s, size_t size) {
    (void)s;
    return calloc(1, size);
}

static inline void *strategy_realloc(const strategy *s, void *block, size_t size) {
    (void)s;
    return realloc(block, size);
}

static inline void strategy_free(const strategy *s, void *block) {
    (void)s;
    free(block);
}

/* malloc has no regions: the blocks are freed one by one, as a program must. */
static inline int strategy_region_begin(const strategy *s, strategy *region) {
    *region = *s;
    return 1;
}

static inline void strategy_region_end(const strategy *region, void **blocks, size_t count) {
    for (size_t i = 0; i < count; i++)
        strategy_free(region, blocks[i]);
}

static inline int strategy_compact(const strategy *s) {
    if (!s->malloc.compact)
        return 0;
    s->malloc.compact();
    return 1;
}
