/* Word loops without an early exit, so that the compiler makes them vector loops; the exact place
 * of damage is looked for only when there is some. */
#include "stamp.h"

#include <stdbool.h>
#include <string.h>

static const uint64_t STAMP_STEP = 0xD1B54A32D192ED03u;
enum { WORD = sizeof(uint64_t) };

void stamp_fill(void *block, size_t size, uint64_t key) {
    unsigned char *bytes = block;
    size_t words = size / WORD;
    for (size_t i = 0; i < words; i++, key += STAMP_STEP) {
        memcpy(bytes + i * WORD, &key, WORD);
    }
    memcpy(bytes + words * WORD, &key, size % WORD);
}

static bool stamp_differs(const unsigned char *bytes, size_t size, uint64_t key) {
    uint64_t differences = 0;
    size_t words = size / WORD;
    for (size_t i = 0; i < words; i++, key += STAMP_STEP) {
        uint64_t word;
        memcpy(&word, bytes + i * WORD, WORD);
        differences |= word ^ key;
    }
    return differences != 0 || memcmp(bytes + words * WORD, &key, size % WORD) != 0;
}

static unsigned char stamp_byte(uint64_t key, size_t offset) {
    uint64_t word = key + offset / WORD * STAMP_STEP;
    unsigned char bytes[WORD];
    memcpy(bytes, &word, WORD);
    return bytes[offset % WORD];
}

size_t stamp_check(const void *block, size_t size, uint64_t key) {
    const unsigned char *bytes = block;
    if (!stamp_differs(bytes, size, key)) {
        return STAMP_RIGHT;
    }
    size_t offset = 0;
    while (bytes[offset] == stamp_byte(key, offset)) {
        offset++;
    }
    return offset;
}

/* All bytes are zero when the first is and each equals the one before it. */
size_t stamp_check_zero(const void *block, size_t from, size_t size) {
    const unsigned char *bytes = block;
    if (from >= size ||
        (bytes[from] == 0 && memcmp(bytes + from, bytes + from + 1, size - from - 1) == 0)) {
        return STAMP_RIGHT;
    }
    while (bytes[from] == 0) {
        from++;
    }
    return from;
}
