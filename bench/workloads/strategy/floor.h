static inline void *strategy_alloc(const strategy *s, size_t size) {
    return s->floor.alloc(NULL, size);
}

static inline void *strategy_zalloc(const strategy *s, size_t size) {
    return s->floor.alloc(NULL, size);
}

static inline void *strategy_realloc(const strategy *s, void *block, size_t size) {
    (void)block;
    return s->floor.alloc(NULL, size);
}

static inline void strategy_free(const strategy *s, void *block) {
    s->floor.free(NULL, block);
}

static inline int strategy_region_begin(const strategy *s, strategy *region) {
    *region = *s;
    return s->floor.alloc(NULL, 0) != NULL;
}

static inline void strategy_region_end(const strategy *region, void **blocks, size_t count) {
    (void)blocks;
    (void)count;
    region->floor.free(NULL, NULL);
}

static inline int strategy_compact(const strategy *s) {
    (void)s;
    return 1;
}
