static inline void *strategy_alloc(const strategy *s, size_t size) {
    return s->mi_heap.alloc(s->mi_heap.handle, size);
}

static inline void *strategy_zalloc(const strategy *s, size_t size) {
    return s->mi_heap.zalloc(s->mi_heap.handle, size);
}

static inline void *strategy_realloc(const strategy *s, void *block, size_t size) {
    return s->mi_heap.realloc(s->mi_heap.handle, block, size);
}

static inline void strategy_free(const strategy *s, void *block) {
    s->mi_heap.free(block);
}

static inline int strategy_region_begin(const strategy *s, strategy *region) {
    *region = *s;
    region->mi_heap.handle = s->mi_heap.create();
    return region->mi_heap.handle != NULL;
}

static inline void strategy_region_end(const strategy *region, void **blocks, size_t count) {
    (void)blocks;
    (void)count;
    region->mi_heap.destroy(region->mi_heap.handle);
}

static inline int strategy_compact(const strategy *s) {
    s->mi_heap.collect(s->mi_heap.handle, 1);
    return 1;
}
