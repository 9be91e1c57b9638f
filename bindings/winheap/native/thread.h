/*
 * Threads: what each one knows of the heaps it uses, and how one thread waits until no other is
 * between two steps of a call that takes no lock.
 *
 * Such a call is a section: the thread raises `busy`, looks whether it may go without the lock,
 * does its work and lowers `busy`. Whoever wants all sections of a heap closed first makes that
 * look fail and then calls threads_settle, which pays for the memory barrier that a section does
 * without (membarrier), and waits until each thread has been seen outside. A section never waits.
 */
#ifndef WINHEAP_NATIVE_THREAD_H
#define WINHEAP_NATIVE_THREAD_H

#include "layout.h"

#include <sys/types.h>

#define THREAD_KNOWN 8u

struct thread {
    _Atomic(struct local *) recent; /* the last one used; never NULL, but local_none */
    _Atomic bool busy;              /* inside a section */
    bool registered;
    pid_t number;                   /* the kernel's */
    struct thread *next, *previous; /* registered threads; those that ended */
    struct local *locals;           /* that it owns */
    _Alignas(64) _Atomic(struct local *) known[THREAD_KNOWN]; /* of those, by heaps' numbers */
};

/*
 * The calling thread, in memory that outlives it: it may end without the engine's knowledge, in the
 * last round of its destructors, and whoever waits for sections then finds one that is over. Before
 * it is registered, and after it is no more, a thread is one that all such threads share.
 *
 * initial-exec: no call into the dynamic linker, which could allocate.
 */
extern INTERNAL _Thread_local struct thread *thread_self __attribute__((tls_model("initial-exec")));

/* What only the calling thread has, be it registered or not. */
static inline const void *thread_identity(void) {
    return &thread_self;
}

static inline void section_enter(struct thread *self) {
    atomic_store_explicit(&self->busy, true, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
}

static inline void section_leave(struct thread *self) {
    atomic_store_explicit(&self->busy, false, memory_order_release);
}

/*
 * Registers the calling thread, so that its sections are waited for and its exit is noticed, and
 * returns it; NULL when it must take locks instead: at its end, without memory, or on a kernel
 * without membarrier.
 */
struct thread *thread_register(void);

/* Whether a registered thread has ended without the engine's knowledge. */
bool thread_is_gone(const struct thread *thread);

/* Gives a local part an owner, or takes the owner away, who then finds it no more. */
void thread_attach(struct thread *self, struct local *local);
void thread_detach(struct local *local);

/* The open local part that the thread has known for this handle; NULL if it must look further. */
struct local *thread_recall(struct thread *self, HANDLE handle);

/* Returns when every other thread has been outside a section at least once. */
void threads_settle(void);

/* Held around fork; in the child only the calling thread is left. */
void threads_lock(void);
void threads_unlock(void);
void threads_forget_others(void);

/* Once, when the library is loaded. */
void threads_init(void);

#endif
