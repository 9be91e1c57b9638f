#include "thread.h"

#include "heap.h"
#include "local.h"
#include "lock.h"
#include "pool.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREAD_SPINS 100 /* a section is some dozens of instructions, unless it is preempted */

/* No section of theirs goes without the lock, so nobody waits for them. */
static struct thread thread_before = {.recent = &local_none};
static struct thread thread_after = {.recent = &local_none};

_Thread_local struct thread *thread_self = &thread_before;

static _Atomic uint32_t threads_word; /* lock of the list below and of who owns which local part */
static struct thread *threads;
static struct thread *threads_spare; /* stack of records; under the same lock */
static pthread_key_t threads_key;    /* its destructor is how a thread's exit is noticed */
static bool threads_served;          /* the key and the barrier are there */

void threads_lock(void) {
    lock_take(&threads_word);
}

void threads_unlock(void) {
    lock_give(&threads_word);
}

static int threads_barrier(int command) {
    return (int)syscall(SYS_membarrier, command, 0, 0);
}

static struct thread *thread_take(void) {
    struct thread *thread = threads_spare;

    if (thread == NULL)
        return pool_carve(sizeof *thread);
    threads_spare = thread->next;
    return thread;
}

static void thread_begin(struct thread *self) {
    *self = (struct thread){.recent = &local_none, .registered = true, .number = gettid()};
    self->next = threads;
    if (threads != NULL)
        threads->previous = self;
    threads = self;
}

static struct thread *thread_new(void) {
    struct thread *thread;

    threads_lock();
    thread = thread_take();
    if (thread != NULL)
        thread_begin(thread);
    threads_unlock();
    return thread;
}

static void thread_end(struct thread *self) {
    threads_lock();
    if (self->next != NULL)
        self->next->previous = self->previous;
    if (self->previous != NULL)
        self->previous->next = self->next;
    else
        threads = self->next;
    self->next = threads_spare;
    threads_spare = self;
    threads_unlock();
}

static struct local *thread_first_local(const struct thread *self) {
    struct local *local;

    threads_lock();
    local = self->locals;
    threads_unlock();
    return local;
}

/* Other destructors may still free and allocate after this one: then under locks. */
static void thread_exit(void *value) {
    struct thread *self = value;
    struct local *local;

    thread_self = &thread_after;
    while ((local = thread_first_local(self)) != NULL)
        heap_part(local, self);
    thread_end(self);
}

void threads_init(void) {
    threads_served = threads_barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0 &&
                     pthread_key_create(&threads_key, thread_exit) == 0;
}

/* Registered before pthread_setspecific, which may allocate from this very engine. */
static bool thread_join(void) {
    struct thread *self = threads_served && thread_self != &thread_after ? thread_new() : NULL;

    if (self == NULL)
        return false;
    thread_self = self;
    if (pthread_setspecific(threads_key, self) != 0)
        thread_exit(self);
    return thread_self == self;
}

struct thread *thread_register(void) {
    return likely(thread_self->registered) || thread_join() ? thread_self : NULL;
}

bool thread_is_gone(const struct thread *thread) {
    int error = errno;
    bool gone = syscall(SYS_tgkill, getpid(), thread->number, 0) != 0 && errno == ESRCH;

    errno = error;
    return gone;
}

static _Atomic(struct local *) *thread_place(struct thread *thread, HANDLE handle) {
    return &thread->known[(uintptr_t)handle / UNIT_BYTES % THREAD_KNOWN];
}

void thread_attach(struct thread *self, struct local *local) {
    threads_lock();
    local->elder = NULL;
    local->sibling = self->locals;
    if (self->locals != NULL)
        self->locals->elder = local;
    self->locals = local;
    atomic_store(&local->owner, self);
    threads_unlock();
    atomic_store_explicit(thread_place(self, local->heap->handle), local, memory_order_relaxed);
}

static void thread_replace(_Atomic(struct local *) *place, struct local *local,
                           struct local *with) {
    atomic_compare_exchange_strong(place, &local, with);
}

/* The owner may be at work with its other local parts at this very moment. */
void thread_detach(struct local *local) {
    struct thread *owner;

    threads_lock();
    owner = atomic_load(&local->owner);
    if (owner != NULL) {
        if (local->sibling != NULL)
            local->sibling->elder = local->elder;
        if (local->elder != NULL)
            local->elder->sibling = local->sibling;
        else
            owner->locals = local->sibling;
        thread_replace(&owner->recent, local, &local_none);
        thread_replace(thread_place(owner, local->heap->handle), local, NULL);
        atomic_store(&local->owner, NULL);
    }
    threads_unlock();
}

struct local *thread_recall(struct thread *self, HANDLE handle) {
    struct local *local = atomic_load_explicit(thread_place(self, handle), memory_order_relaxed);

    if (local == NULL || atomic_load_explicit(&local->key, memory_order_acquire) != handle)
        return NULL;
    return local;
}

static void thread_await(const struct thread *thread) {
    for (int spins = 0; atomic_load_explicit(&thread->busy, memory_order_acquire); spins++) {
        if (spins < THREAD_SPINS)
            __builtin_ia32_pause();
        else
            sched_yield();
    }
}

void threads_settle(void) {
    if (__libc_single_threaded)
        return;
    threads_lock();
    if (threads != NULL)
        threads_barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    for (const struct thread *thread = threads; thread != NULL; thread = thread->next)
        if (thread != thread_self)
            thread_await(thread);
    threads_unlock();
}

void threads_forget_others(void) {
    struct thread *next;

    for (struct thread *thread = threads; thread != NULL; thread = next) {
        next = thread->next;
        if (thread != thread_self)
            thread_end(thread);
    }
    thread_self->number = gettid();
    threads_barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}
