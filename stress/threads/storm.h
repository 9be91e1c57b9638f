/*
 * What the threads of a storm share, and what each of their seats has.
 *
 * A seat is a worker's place: a thread takes it, works, ends at a random moment, and the next one
 * takes it over with all blocks, so that blocks outlive the threads that made them. A block belongs
 * to one seat at a time; it goes to another through a ring. Nobody else looks at it meanwhile.
 *
 * The gate lets threads work side by side (read) or one alone (write): what a dead pointer must be
 * answered can only be told while no other thread may be handed the same memory.
 */
#ifndef STRESS_STORM_H
#define STRESS_STORM_H

#include "common/engine.h"
#include "common/random.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STORM_SEATS = 8,
    SEAT_SLOTS = 512,   /* places for blocks */
    SEAT_DEAD = 1 << 14 /* freed pointers that are remembered */
};

/* The last error before each step: what succeeds must leave it alone. */
#define STORM_LAST_ERROR 0x5EED5EEDu

/* data NULL: none. The key is new with every filling (stamp.h); maker: the thread's number. */
struct block {
    unsigned char *data;
    size_t size;
    uint64_t key;
    unsigned maker;
};

/* Blocks on their way from one seat to another: one pushes, one pops, neither waits. */
#define RING_BLOCKS 64u
struct ring {
    _Alignas(64) _Atomic uint32_t pushed;
    _Alignas(64) _Atomic uint32_t popped;
    struct block blocks[RING_BLOCKS];
};

struct storm;

struct seat {
    struct storm *storm;
    unsigned number;
    unsigned occupant; /* the thread's number */
    pthread_t thread;
    _Atomic bool ended; /* the thread is to be joined */
    _Atomic uint64_t operations;
    uint64_t quota; /* operations at which the seat is closed */
    struct random random;
    uint64_t keys; /* given out so far */
    struct block slots[SEAT_SLOTS];
    void *dead[SEAT_DEAD]; /* the last freed ones */
    size_t dead_count;
    struct ring inbox[STORM_SEATS]; /* from each other seat */
    sigjmp_buf failed;
};

struct storm {
    struct engine engine;
    HANDLE heap;
    HANDLE other;        /* a heap that holds none of the blocks */
    DWORD options;       /* of the heap */
    size_t max;          /* of the heap; 0: none */
    unsigned seats_open; /* of the seats below */
    size_t live_limit;   /* bytes: above, only small blocks are made */
    pthread_rwlock_t gate;
    sem_t ended;           /* counts the threads that have ended */
    _Atomic bool stopping; /* time is up, or a check failed */
    _Atomic size_t live_bytes, peak_live_bytes;
    _Atomic unsigned threads; /* started so far */
    _Atomic uint64_t remote;  /* blocks freed by another thread than made them */
    _Atomic bool failing;     /* the first failure is being noted */
    char failure[320];        /* to be read when the threads have ended */
    struct seat seats[STORM_SEATS];
};

/* Ends this thread's part in the storm, and the storm, with what is wrong, as printf says it. */
_Noreturn __attribute__((format(printf, 2, 3))) void seat_fail(struct seat *seat,
                                                               const char *format, ...);

#define SEAT_CHECK(seat, condition, ...)                                                           \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            seat_fail(seat, __VA_ARGS__);                                                          \
    } while (0)

/* A call has failed as it should: the last error must be code; it is reset. */
void seat_expect_error(struct seat *seat, const char *call, DWORD code);

/* Runs body with the seat; false: a check of it failed. */
bool seat_try(struct seat *seat, void (*body)(struct seat *seat));

#endif
