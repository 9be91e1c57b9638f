/*
 * Size classes: multiples of 16 up to 128, then eight per doubling (12.5 % apart) up to 32 KiB.
 * And the arithmetic that turns a block's offset in its span into its index without dividing.
 */
#ifndef WINHEAP_NATIVE_SIZECLASS_H
#define WINHEAP_NATIVE_SIZECLASS_H

#include <stddef.h>
#include <stdint.h>

#define SIZECLASS_COUNT 72
#define SIZECLASS_MAX ((size_t)32768)
#define SIZECLASS_TABLE_MAX ((size_t)1024)

/* The class of each multiple of 16 up to SIZECLASS_TABLE_MAX, where most requests fall. */
extern __attribute__((visibility("hidden")))
const uint8_t sizeclass_table[SIZECLASS_TABLE_MAX / 16 + 1];

/* By formula; 1 <= size <= SIZECLASS_MAX. */
static inline uint32_t sizeclass_computed(size_t size) {
    uint32_t last = (uint32_t)size - 1;
    uint32_t log = 31u - (uint32_t)__builtin_clz(last | 128u);

    return 8 * (log - 7) + (last >> (log - 3));
}

/* The smallest class that holds size bytes; size <= SIZECLASS_MAX. */
static inline uint32_t sizeclass_of(size_t size) {
    if (__builtin_expect(size <= SIZECLASS_TABLE_MAX, 1))
        return sizeclass_table[(size + 15) / 16];
    return sizeclass_computed(size);
}

/* The size of a class's blocks. */
static inline uint32_t sizeclass_size(uint32_t sizeclass) {
    uint32_t doubling = sizeclass < 16 ? 0 : sizeclass / 8 - 1;

    return 16 * (sizeclass - 8 * doubling + 1) << doubling;
}

/*
 * Exact division: size = odd << shift. For an offset that is a multiple of size,
 * rotate_right(offset * inverse(odd) mod 2^32, shift) is offset / size; for any other offset it is
 * greater than (2^32 - 1) / size. So one multiplication, one rotation and one comparison with the
 * number of blocks give the index and refuse what is no block's address.
 */
static inline uint32_t sizeclass_index(uint32_t offset, uint32_t inverse, uint32_t shift) {
    uint32_t product = offset * inverse;

    return product >> shift | product << (-shift & 31);
}

/* The multiplicative inverse modulo 2^32 of an odd number. */
uint32_t sizeclass_inverse(uint32_t odd);

#endif
