/*
 * A library that allocates as soon as it is loaded. Built twice: for the constructors that run
 * after the preloaded library's, and, with the linker's initfirst, for those that run before.
 */
#ifndef WINHEAP_PRELOAD_TESTS_EARLY_H
#define WINHEAP_PRELOAD_TESTS_EARLY_H

/* Gives the caller the block of 100 bytes, all 'e', that the constructor allocated. */
char *early_take(void);

/* Forks whose handlers allocated and freed: before, and after in the parent and in the child. */
int early_forks(void);

#endif
