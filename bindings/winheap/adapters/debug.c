#include "debug.h"

#include "blocks.h"
#include "quota.h"

#include <stdlib.h>
#include <string.h>

static const unsigned char TAIL = 0xAB;
static const uint32_t FRESH = 0xBAADF00D;
static const uint32_t FREED = 0xFEEEFEEE;

struct grave {
    void *block;
    size_t size;
};

/* A ring of the blocks freed last. */
struct graveyard {
    struct grave graves[DEBUG_GRAVES];
    size_t oldest, count;
    bool desecrated; /* a block that had been written to has left the ring, and is lost */
};

/* The byte that a pattern has at this place of a block. */
static unsigned char pattern_byte(uint32_t pattern, size_t place) {
    return (unsigned char)(pattern >> place % sizeof pattern * 8);
}

static void pattern_write(void *block, uint32_t pattern, size_t from, size_t to) {
    unsigned char *bytes = block;
    for (size_t i = from; i < to; i++) {
        bytes[i] = pattern_byte(pattern, i);
    }
}

static bool grave_is_sound(const struct grave *grave) {
    const unsigned char *bytes = grave->block;
    for (size_t i = 0; i < grave->size; i++) {
        if (bytes[i] != pattern_byte(FREED, i)) {
            return false;
        }
    }
    return true;
}

/* The block buried first goes back to the allocator, unless somebody may still write to it. */
static void grave_open(struct heap *heap) {
    struct graveyard *yard = heap->graves;
    struct grave *grave = &yard->graves[yard->oldest];
    yard->oldest = (yard->oldest + 1) % DEBUG_GRAVES;
    yard->count--;
    if (grave_is_sound(grave)) {
        adapter_free(heap, grave->block);
        quota_replace(heap, quota_of(heap, grave->size), 0);
    } else {
        yard->desecrated = true;
    }
}

bool debug_open(struct heap *heap) {
    heap->tail = heap->options & HEAP_TAIL_CHECKING_ENABLED ? DEBUG_TAIL_BYTES : 0;
    if (!(heap->options & HEAP_FREE_CHECKING_ENABLED)) {
        return true;
    }
    heap->graves = calloc(1, sizeof *heap->graves);
    return heap->graves != NULL;
}

void debug_close(struct heap *heap) {
    debug_exhume(heap);
    free(heap->graves);
    heap->graves = NULL;
}

void debug_dress(const struct heap *heap, void *block, size_t old, size_t size, bool zero) {
    if (heap->graves && !zero) {
        pattern_write(block, FRESH, old, size);
    }
    memset((char *)block + size, TAIL, heap->tail);
}

bool debug_is_sound(const struct heap *heap, const void *block, size_t size) {
    const unsigned char *tail = (const unsigned char *)block + size;
    for (size_t i = 0; i < heap->tail; i++) {
        if (tail[i] != TAIL) {
            return false;
        }
    }
    return true;
}

void debug_bury(struct heap *heap, void *block, size_t size) {
    struct graveyard *yard = heap->graves;
    if (!yard) {
        adapter_free(heap, block);
        quota_replace(heap, quota_of(heap, size), 0);
        return;
    }
    if (yard->count == DEBUG_GRAVES) {
        grave_open(heap);
    }
    pattern_write(block, FREED, 0, size);
    yard->graves[(yard->oldest + yard->count++) % DEBUG_GRAVES] =
        (struct grave){.block = block, .size = size};
}

bool debug_exhume(struct heap *heap) {
    bool any = heap->graves && heap->graves->count > 0;
    while (any && heap->graves->count > 0) {
        grave_open(heap);
    }
    return any;
}

static bool graves_are_sound(const struct graveyard *yard) {
    for (size_t i = 0; i < yard->count; i++) {
        if (!grave_is_sound(&yard->graves[(yard->oldest + i) % DEBUG_GRAVES])) {
            return false;
        }
    }
    return !yard->desecrated;
}

bool debug_check(struct heap *heap) {
    if (heap->graves && !graves_are_sound(heap->graves)) {
        return false;
    }
    if (!heap->tail) {
        return true;
    }
    for (void *block = adapter_next(heap, NULL); block; block = adapter_next(heap, block)) {
        if (!debug_is_sound(heap, block, blocks_size(heap->owner, block))) {
            return false;
        }
    }
    return true;
}
