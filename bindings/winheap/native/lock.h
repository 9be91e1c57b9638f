/*
 * A heap's lock: one word, taken and given back by one instruction each while nobody contends. A
 * pthread mutex costs a pair of calls 100 instructions more (callgrind).
 */
#ifndef WINHEAP_NATIVE_LOCK_H
#define WINHEAP_NATIVE_LOCK_H

#include "layout.h"

#include <sys/single_threaded.h>

enum { LOCK_FREE, LOCK_HELD, LOCK_AWAITED }; /* awaited: held, and threads may sleep for it */

/* Returns with the lock held, after a while. */
void lock_wait(_Atomic uint32_t *lock);

/* Wakes one of the threads that sleep in lock_wait. */
void lock_wake(_Atomic uint32_t *lock);

/*
 * glibc's flag spares the interlocked instruction while there is only one thread. It cannot change
 * between take and give but to true, and then nobody is left to wait.
 */
static inline void lock_take(_Atomic uint32_t *lock) {
    uint32_t expected = LOCK_FREE;

    if (__libc_single_threaded)
        atomic_store_explicit(lock, LOCK_HELD, memory_order_relaxed);
    else if (unlikely(!atomic_compare_exchange_strong_explicit(
                 lock, &expected, LOCK_HELD, memory_order_acquire, memory_order_relaxed)))
        lock_wait(lock);
}

static inline void lock_give(_Atomic uint32_t *lock) {
    if (__libc_single_threaded)
        atomic_store_explicit(lock, LOCK_FREE, memory_order_relaxed);
    else if (unlikely(atomic_exchange_explicit(lock, LOCK_FREE, memory_order_release) ==
                      LOCK_AWAITED))
        lock_wake(lock);
}

#endif
