#include "arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

_Noreturn void arguments_refuse(const char *option, const char *value, const char *valid) {
    fprintf(stderr, "%s: %s %s: expected %s\n", program_invocation_short_name, option, value,
            valid);
    exit(1);
}

uint64_t arguments_number(const char *option, const char *text) {
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno) {
        arguments_refuse(option, text, "a whole number");
    }
    return number;
}

double arguments_seconds(const char *option, const char *text) {
    char *end = NULL;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds > 0) || seconds > 1e9) {
        arguments_refuse(option, text, "a positive number");
    }
    return seconds;
}

size_t arguments_mebibytes(const char *option, const char *text) {
    uint64_t mebibytes = arguments_number(option, text);
    if (mebibytes > (uint64_t)1 << 24) {
        arguments_refuse(option, text, "mebibytes, at most 16777216");
    }
    return (size_t)mebibytes << 20;
}

int arguments_word(const char *option, const char *text, const char *const *words,
                   const char *valid) {
    for (int i = 0; words[i]; i++) {
        if (strcmp(text, words[i]) == 0) {
            return i;
        }
    }
    arguments_refuse(option, text, valid);
}

const char *arguments_engine(void) {
    const char *engine = getenv("WINHEAP_ENGINE");
    return engine && *engine ? engine : "native";
}

uint64_t arguments_seed(void) {
    uint32_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
        perror("getrandom");
        exit(1);
    }
    return seed;
}
