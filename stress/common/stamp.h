/*
 * What a block is filled with, so that a byte of another block, an old byte or a zero is noticed:
 * word i of a block with key k is k + i * STAMP_STEP; the last word is cut where the block ends.
 */
#ifndef STRESS_STAMP_H
#define STRESS_STAMP_H

#include <stddef.h>
#include <stdint.h>

/* stamp_check, zero_check: every byte is right. */
#define STAMP_RIGHT ((size_t)-1)

/* Fills a block. */
void stamp_fill(void *block, size_t size, uint64_t key);

/* The offset of the first byte that stamp_fill would have made otherwise, or STAMP_RIGHT. */
size_t stamp_check(const void *block, size_t size, uint64_t key);

/* The offset of the first byte from offset from that is not zero, or STAMP_RIGHT. */
size_t stamp_check_zero(const void *block, size_t from, size_t size);

#endif
