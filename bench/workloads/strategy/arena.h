#include <string.h>
#include <sys/mman.h>

#define STRATEGY_ARENA_SIZE ((size_t)256 << 20)

static inline void *strategy_alloc(const strategy *s, size_t size) {
    strategy_arena *arena = s->arena.self;
    size_t rounded = (size + 15) & ~(size_t)15;
    if (rounded < size || rounded > (size_t)(arena->end - arena->next))
        return NULL;
    unsigned char *block = arena->next;
    arena->next += rounded;
    return block;
}

/* Nothing of an arena is used twice: a fresh mapping is zero. */
static inline void *strategy_zalloc(const strategy *s, size_t size) {
    return strategy_alloc(s, size);
}

/* The old size is not known, but the old block ends where the new one begins, or before. */
static inline void *strategy_realloc(const strategy *s, void *block, size_t size) {
    unsigned char *grown = strategy_alloc(s, size);
    if (grown && block) {
        size_t most = (size_t)(grown - (unsigned char *)block);
        memcpy(grown, block, size < most ? size : most);
    }
    return grown;
}

/* A block goes with its arena, not before. */
static inline void strategy_free(const strategy *s, void *block) {
    (void)s;
    (void)block;
}

static inline int strategy_region_begin(const strategy *s, strategy *region) {
    void *base = mmap(NULL, STRATEGY_ARENA_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return 0;
    *region = *s;
    region->arena =
        (strategy_arena){&region->arena, base, (unsigned char *)base + STRATEGY_ARENA_SIZE};
    return 1;
}

static inline void strategy_region_end(const strategy *region, void **blocks, size_t count) {
    (void)blocks;
    (void)count;
    munmap(region->arena.end - STRATEGY_ARENA_SIZE, STRATEGY_ARENA_SIZE);
}

static inline int strategy_compact(const strategy *s) {
    (void)s;
    return 0;
}
