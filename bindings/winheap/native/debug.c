#include "debug.h"

#include "element.h"
#include "shadow.h"

#include <string.h>

#define TAIL 0xAB
#define FRESH 0xBAADF00Du
#define FREED 0xFEEEFEEEu
#define SHUFFLE 16 /* free blocks that the lot is drawn among */

/* The byte that a pattern has at this place of a block. */
static unsigned char pattern_byte(uint32_t pattern, size_t place) {
    return (unsigned char)(pattern >> place % sizeof pattern * 8);
}

SHADOW_BLIND static void pattern_write(void *block, uint32_t pattern, size_t from, size_t to) {
    unsigned char *bytes = block;

    for (size_t i = from; i < to; i++)
        bytes[i] = pattern_byte(pattern, i);
}

SHADOW_BLIND static bool pattern_is_whole(const void *block, uint32_t pattern, size_t size) {
    const unsigned char *bytes = block;

    for (size_t i = 0; i < size; i++)
        if (bytes[i] != pattern_byte(pattern, i))
            return false;
    return true;
}

static bool checks_free(const struct heap *heap) {
    return (heap->options & HEAP_FREE_CHECKING_ENABLED) != 0;
}

static bool tail_is_whole(const struct heap *heap, const char *block, size_t size) {
    for (size_t i = 0; i < debug_tail(heap); i++)
        if ((unsigned char)block[size + i] != TAIL)
            return false;
    return true;
}

/* A block had old bytes and has size: new ones are zero, or a pattern; the tail is written. */
static void dress(const struct heap *heap, char *block, size_t old, size_t size, bool zero) {
    if (zero && size > old)
        memset(block + old, 0, size - old < debug_tail(heap) ? size - old : debug_tail(heap));
    else if (checks_free(heap))
        pattern_write(block, FRESH, old, size);
    memset(block + size, TAIL, debug_tail(heap));
}

/* The size of a live block whose tail is unharmed; SIZE_MAX for any other pointer. */
static size_t sound_size(struct heap *heap, struct thread *self, const void *block) {
    size_t size = debug_size(heap, self, block);

    return size != SIZE_MAX && tail_is_whole(heap, block, size) ? size : SIZE_MAX;
}

void *debug_alloc(struct heap *heap, struct thread *self, size_t size, bool zero) {
    void *block;

    if (size > BLOCK_MAX)
        return NULL;
    heap_lock(heap);
    block = heap_alloc(heap, self, size + debug_tail(heap), zero);
    if (block != NULL)
        dress(heap, block, 0, size, zero);
    heap_unlock(heap);
    return block;
}

/* A freed large block is no more; any other is filled as far as it may be looked at. */
static void bury(const struct heap *heap, void *block) {
    const struct span *span = owner_span(block);

    if (checks_free(heap) && span->kind != SPAN_LARGE)
        pattern_write(block, FREED, 0, span->kind == SPAN_BLOCKS ? span->size : span->requested);
}

bool debug_free(struct heap *heap, struct thread *self, void *block) {
    bool sound;

    heap_lock(heap);
    sound = sound_size(heap, self, block) != SIZE_MAX;
    if (sound) {
        bury(heap, block);
        heap_free(heap, self, block);
    }
    heap_unlock(heap);
    return sound;
}

/* The block that was left is freed as any other. */
static void *move(struct heap *heap, struct thread *self, void *block, size_t old, size_t size,
                  bool zero) {
    void *moved = debug_alloc(heap, self, size, zero);

    if (moved == NULL)
        return NULL;
    memcpy(moved, block, old < size ? old : size);
    debug_free(heap, self, block);
    return moved;
}

static void *resize(struct heap *heap, struct thread *self, void *block, size_t old, size_t size,
                    DWORD modes) {
    bool zero = (modes & HEAP_ZERO_MEMORY) != 0;
    bool live;

    if (size > BLOCK_MAX)
        return NULL;
    if (heap_realloc(heap, self, block, size + debug_tail(heap), modes | HEAP_REALLOC_IN_PLACE_ONLY,
                     &live) != NULL) {
        dress(heap, block, old, size, zero);
        return block;
    }
    return (modes & HEAP_REALLOC_IN_PLACE_ONLY) != 0 ? NULL
                                                     : move(heap, self, block, old, size, zero);
}

void *debug_realloc(struct heap *heap, struct thread *self, void *block, size_t size, DWORD modes,
                    bool *live) {
    void *resized = NULL;
    size_t old;

    heap_lock(heap);
    old = sound_size(heap, self, block);
    *live = old != SIZE_MAX;
    if (*live)
        resized = resize(heap, self, block, old, size, modes);
    heap_unlock(heap);
    return resized;
}

size_t debug_size(struct heap *heap, struct thread *self, const void *block) {
    size_t size = heap_size(heap, self, block);

    return size == SIZE_MAX ? SIZE_MAX : size - debug_tail(heap);
}

bool debug_check_block(struct heap *heap, struct thread *self, const void *block) {
    bool sound;

    if (debug_tail(heap) == 0)
        return heap_size(heap, self, block) != SIZE_MAX;
    heap_lock(heap);
    sound = sound_size(heap, self, block) != SIZE_MAX;
    heap_unlock(heap);
    return sound;
}

static bool check_element(const struct heap *heap, const struct element *element) {
    if (element->flags == PROCESS_HEAP_ENTRY_BUSY)
        return tail_is_whole(heap, element->start, element->bytes);
    return !element->block || !checks_free(heap) ||
           pattern_is_whole(element->start, FREED, element->bytes);
}

bool debug_check(struct heap *heap) {
    struct element element;

    if (!debug_is_on(heap))
        return true;
    for (bool more = element_first(heap, &element); more; more = element_next(heap, &element))
        if (!check_element(heap, &element))
            return false;
    return true;
}

void debug_carve(const struct heap *heap, const struct span *span, uint32_t first, uint32_t end) {
    if (checks_free(heap))
        for (uint32_t i = first; i < end; i++)
            pattern_write(span_block(span, i), FREED, 0, span->size);
}

void debug_shuffle(struct heap *heap, struct span *span) {
    uint32_t index = span->free;
    uint32_t before = ENTRY_NONE;

    heap->lot = heap->lot * 6364136223846793005u + 1442695040888963407u;
    for (uint64_t steps = heap->lot >> 33 & (SHUFFLE - 1);
         steps != 0 && span->table[index] != ENTRY_NONE; steps--) {
        before = index;
        index = span->table[index];
    }
    if (before == ENTRY_NONE)
        return;
    span->table[before] = span->table[index];
    span->table[index] = (span_entry)span->free;
    span->free = index;
    span->block = span_block(span, index);
}
