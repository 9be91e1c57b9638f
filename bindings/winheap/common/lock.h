/*
 * A heap's lock, the same for every engine: one word, taken and given back by one instruction each
 * while nobody contends. A pthread mutex costs a pair of calls 100 instructions more (callgrind).
 */
#ifndef WINHEAP_LOCK_H
#define WINHEAP_LOCK_H

#include <stdatomic.h>
#include <stdint.h>
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

    if (__libc_single_threaded) {
        atomic_store_explicit(lock, LOCK_HELD, memory_order_relaxed);
        return;
    }
    _Bool taken = atomic_compare_exchange_strong_explicit(
        lock, &expected, LOCK_HELD, memory_order_acquire, memory_order_relaxed);
    if (__builtin_expect(!taken, 0))
        lock_wait(lock);
}

/* Whether the lock was free, and is held now. */
static inline _Bool lock_try(_Atomic uint32_t *lock) {
    uint32_t expected = LOCK_FREE;

    return atomic_compare_exchange_strong_explicit(lock, &expected, LOCK_HELD, memory_order_acquire,
                                                   memory_order_relaxed);
}

static inline void lock_give(_Atomic uint32_t *lock) {
    if (__libc_single_threaded) {
        atomic_store_explicit(lock, LOCK_FREE, memory_order_relaxed);
        return;
    }
    uint32_t state = atomic_exchange_explicit(lock, LOCK_FREE, memory_order_release);
    if (__builtin_expect(state == LOCK_AWAITED, 0))
        lock_wake(lock);
}

#endif
