#include "sizeclass.h"

const uint8_t sizeclass_table[SIZECLASS_TABLE_MAX / 16 + 1] = {
    0,                                              /* a block of size 0 takes the smallest slot */
    0,  1,  2,  3,  4,  5,  6,  7,                  /* to 128 */
    8,  9,  10, 11, 12, 13, 14, 15,                 /* to 256 */
    16, 16, 17, 17, 18, 18, 19, 19, 20, 20, 21, 21, /* to 512 by 32 */
    22, 22, 23, 23,                                 /**/
    24, 24, 24, 24, 25, 25, 25, 25, 26, 26, 26, 26, /* to 1024 by 64 */
    27, 27, 27, 27, 28, 28, 28, 28, 29, 29, 29, 29, /**/
    30, 30, 30, 30, 31, 31, 31, 31,
};

uint32_t sizeclass_inverse(uint32_t odd) {
    uint32_t inverse = odd; /* right in the low 3 bits; Newton's step doubles them */

    for (int bits = 3; bits < 32; bits *= 2)
        inverse *= 2 - odd * inverse;
    return inverse;
}
