static inline void *strategy_alloc(const strategy *s, size_t size) {
    return s->heap.alloc(s->heap.handle, 0, size);
}

static inline void *strategy_zalloc(const strategy *s, size_t size) {
    return s->heap.alloc(s->heap.handle, HEAP_ZERO_MEMORY, size);
}

static inline void *strategy_realloc(const strategy *s, void *block, size_t size) {
    return s->heap.realloc(s->heap.handle, 0, block, size);
}

#define STRATEGY_CAN_GROW_IN_PLACE
static inline void *strategy_realloc_in_place(const strategy *s, void *block, size_t size) {
    return s->heap.realloc(s->heap.handle, HEAP_REALLOC_IN_PLACE_ONLY, block, size);
}

static inline void strategy_free(const strategy *s, void *block) {
    s->heap.free(s->heap.handle, 0, block);
}

/* Begins a region: blocks allocated from *region go when it ends. */
static inline int strategy_region_begin(const strategy *s, strategy *region) {
    *region = *s;
    region->heap.handle = s->heap.create(s->heap.options, 0, s->heap.max);
    return region->heap.handle != NULL;
}

static inline void strategy_region_end(const strategy *region, void **blocks, size_t count) {
    (void)blocks;
    (void)count;
    region->heap.destroy(region->heap.handle);
}

/* Gives unused memory back to the system; 0 when the strategy has no call for that. */
static inline int strategy_compact(const strategy *s) {
    if (!s->heap.compact)
        return 0;
    s->heap.compact(s->heap.handle, 0);
    return 1;
}
