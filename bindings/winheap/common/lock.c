#include "lock.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Most calls hold the lock for less time than it takes to fall asleep. */
#define LOCK_SPINS 100

void lock_wait(_Atomic uint32_t *lock) {
    for (int i = 0; i < LOCK_SPINS; i++) {
        uint32_t expected = LOCK_FREE;
        if (atomic_load_explicit(lock, memory_order_relaxed) == LOCK_FREE &&
            atomic_compare_exchange_weak_explicit(lock, &expected, LOCK_HELD, memory_order_acquire,
                                                  memory_order_relaxed))
            return;
        __builtin_ia32_pause();
    }
    /* Whoever has slept takes it as awaited, for it cannot know whether others still sleep. */
    while (atomic_exchange_explicit(lock, LOCK_AWAITED, memory_order_acquire) != LOCK_FREE)
        syscall(SYS_futex, lock, FUTEX_WAIT_PRIVATE, LOCK_AWAITED, NULL, NULL, 0);
}

void lock_wake(_Atomic uint32_t *lock) {
    syscall(SYS_futex, lock, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
