/* Values of a command line's options, each checked to its last character. */
#ifndef STRESS_ARGUMENTS_H
#define STRESS_ARGUMENTS_H

#include <stddef.h>
#include <stdint.h>

/* Prints "PROGRAM: OPTION VALUE: expected VALID" on stderr and exits with 1. */
_Noreturn void arguments_refuse(const char *option, const char *value, const char *valid);

/* A whole number. */
uint64_t arguments_number(const char *option, const char *text);

/* A number of seconds, above 0. */
double arguments_seconds(const char *option, const char *text);

/* A number of mebibytes, as bytes. */
size_t arguments_mebibytes(const char *option, const char *text);

/* The index of text in the list, whose end is NULL. */
int arguments_word(const char *option, const char *text, const char *const *words,
                   const char *valid);

/* $WINHEAP_ENGINE, else native. */
const char *arguments_engine(void);

/* A seed that was not used before. */
uint64_t arguments_seed(void);

#endif
