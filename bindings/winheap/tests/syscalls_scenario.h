/* A program's life with heaps, which reaches each place where the engine asks the system. */
#ifndef WINHEAP_TESTS_SYSCALLS_SCENARIO_H
#define WINHEAP_TESTS_SYSCALLS_SCENARIO_H

#include <stddef.h>

/* How it ended, for the exit status: a promise was broken, or a block's contents were lost. */
enum scenario_end { SCENARIO_PASSED = 0, SCENARIO_BROKEN = 10, SCENARIO_DAMAGED };

/*
 * Lives it once, and leaves no block and no heap but the process heap. Returns the number of calls
 * that heaps without a maximum refused. Ends the program with a line and its enum scenario_end when
 * a call fails in another way than documented, or anything else is not as it should be.
 */
size_t scenario_live(void);

#endif
