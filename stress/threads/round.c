#include "round.h"

#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 64 };

/* ---- a thread ---- */

static void occupant_batch(struct seat *seat) {
    pthread_rwlock_rdlock(&seat->storm->gate);
    for (int i = 0; i < BATCH; i++) {
        work_step(seat);
    }
    pthread_rwlock_unlock(&seat->storm->gate);
    atomic_fetch_add_explicit(&seat->operations, BATCH, memory_order_relaxed);
}

static void occupant_alone(struct seat *seat) {
    pthread_rwlock_wrlock(&seat->storm->gate);
    work_alone(seat);
    pthread_rwlock_unlock(&seat->storm->gate);
}

static bool seat_is_done(struct seat *seat) {
    return atomic_load(&seat->storm->stopping) || atomic_load(&seat->operations) >= seat->quota;
}

static void occupant_work(struct seat *seat) {
    do {
        occupant_batch(seat);
        if (random_below(&seat->random, 16) == 0) {
            occupant_alone(seat);
        }
    } while (!seat_is_done(seat) && random_below(&seat->random, 64) != 0);
}

/* Checks are made behind the gate: one that fails has left it locked. */
static void *occupant_run(void *argument) {
    struct seat *seat = argument;
    struct storm *storm = seat->storm;
    storm->engine.SetLastError(STORM_LAST_ERROR);
    if (!seat_try(seat, occupant_work)) {
        pthread_rwlock_unlock(&storm->gate);
    }
    atomic_store(&seat->ended, true);
    sem_post(&storm->ended);
    return NULL;
}

static void seat_occupy(struct seat *seat) {
    seat->occupant = atomic_fetch_add(&seat->storm->threads, 1);
    atomic_store(&seat->ended, false);
    int error = pthread_create(&seat->thread, NULL, occupant_run, seat);
    if (error) {
        fprintf(stderr, "heaplab-stress-threads: no thread: %s\n", strerror(error));
        exit(1);
    }
}

/* ---- all threads ---- */

uint64_t round_operations(const struct storm *storm) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < storm->seats_open; i++) {
        sum += atomic_load_explicit(&storm->seats[i].operations, memory_order_relaxed);
    }
    return sum;
}

/* Joins the threads that have ended and has new ones take over; the number of seats still taken. */
static unsigned seats_attend(struct storm *storm, bool taken[]) {
    unsigned count = 0;
    for (unsigned i = 0; i < storm->seats_open; i++) {
        struct seat *seat = &storm->seats[i];
        if (taken[i] && atomic_load(&seat->ended)) {
            pthread_join(seat->thread, NULL);
            taken[i] = !seat_is_done(seat);
            if (taken[i]) {
                seat_occupy(seat);
            }
        }
        count += taken[i];
    }
    return count;
}

/* Until a thread has ended, or for 20 ms: time is to be looked at too. */
static void seats_wait(struct storm *storm) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 20000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    sem_timedwait(&storm->ended, &until); // however it ends, the seats are looked at
}

static void seats_run(struct storm *storm, const struct round *round) {
    bool taken[STORM_SEATS] = {false};
    for (unsigned i = 0; i < storm->seats_open; i++) {
        taken[i] = true;
        seat_occupy(&storm->seats[i]);
    }
    while (seats_attend(storm, taken) > 0) {
        seats_wait(storm);
        round->look(storm, round->context);
    }
}

static void seats_each(struct storm *storm, void (*body)(struct seat *seat)) {
    for (unsigned i = 0; i < storm->seats_open && !atomic_load(&storm->failing); i++) {
        seat_try(&storm->seats[i], body);
    }
}

/* ---- the heap ---- */

static void heap_open(struct seat *seat) {
    struct storm *storm = seat->storm;
    storm->heap = storm->engine.HeapCreate(storm->options, 0, storm->max);
    SEAT_CHECK(seat, storm->heap, "HeapCreate(0x%X, 0, %zu): last error %u", storm->options,
               storm->max, storm->engine.GetLastError());
}

static void heap_close(struct seat *seat) {
    SEAT_CHECK(seat, seat->storm->engine.HeapDestroy(seat->storm->heap),
               "HeapDestroy: last error %u", seat->storm->engine.GetLastError());
}

static void storm_prepare(struct storm *storm, const struct round *round) {
    static const struct {
        DWORD options;
        size_t max;
    } kinds[] = {{0, 0}, {0, (size_t)16 << 20}, {HEAP_ZERO_MEMORY, 0}};
    storm->options = kinds[round->number % 3].options;
    storm->max = kinds[round->number % 3].max;
    atomic_store(&storm->stopping, false);
    for (unsigned i = 0; i < storm->seats_open; i++) {
        struct seat *seat = &storm->seats[i];
        seat->quota = round->operations / storm->seats_open;
        seat->random = random_seeded(round->seed, round->number * STORM_SEATS + i);
        seat->dead_count = 0;
    }
}

void round_run(struct storm *storm, const struct round *round) {
    storm_prepare(storm, round);
    storm->engine.SetLastError(STORM_LAST_ERROR);
    if (!seat_try(&storm->seats[0], heap_open)) {
        return;
    }
    seats_run(storm, round);
    seats_each(storm, work_clear);
    seats_each(storm, work_check_dead);
    if (!atomic_load(&storm->failing)) {
        seat_try(&storm->seats[0], heap_close);
    }
}
