// Positive control of AddressSanitizer: writes one byte behind a block.
#include <stdlib.h>

int main(int argc, char **argv) {
    (void)argv;
    size_t size = 16 + (size_t)argc; // not known to the compiler, which would warn
    volatile char *block = malloc(size);
    if (block == NULL) {
        return 0;
    }
    block[size] = 1;
    free((void *)block);
    return 0;
}
