// Positive control of UndefinedBehaviorSanitizer: adds one to the largest int.
#include <limits.h>

int main(int argc, char **argv) {
    (void)argv;
    volatile int largest = INT_MAX;
    return largest + argc == 0;
}
