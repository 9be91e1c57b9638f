static inline void *strategy_alloc(const strategy *s, size_t size) {
    (void)s;
    (void)size;
    return strategy_buffer;
}

static inline void *strategy_zalloc(const strategy *s, size_t size) {
    return strategy_alloc(s, size);
}

static inline void *strategy_realloc(const strategy *s, void *block, size_t size) {
    (void)block;
    return strategy_alloc(s, size);
}

static inline void strategy_free(const strategy *s, void *block) {
    (void)s;
    (void)block;
}

static inline int strategy_region_begin(const strategy *s, strategy *region) {
    *region = *s;
    return 1;
}

static inline void strategy_region_end(const strategy *region, void **blocks, size_t count) {
    (void)region;
    (void)blocks;
    (void)count;
}

static inline int strategy_compact(const strategy *s) {
    (void)s;
    return 1;
}
