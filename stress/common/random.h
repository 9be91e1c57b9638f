/* The harness's random numbers: fast, and the same from the same seed everywhere (xorshift64*). */
#ifndef STRESS_RANDOM_H
#define STRESS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state; /* never 0 */
};

/* The source for step number step of the run with this seed; all are unrelated to each other. */
static inline struct random random_seeded(uint64_t seed, uint64_t step) {
    uint64_t mixed = (seed * 0xD1B54A32D192ED03u + step) * 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ mixed >> 32) * 0xBF58476D1CE4E5B9u;
    mixed ^= mixed >> 29;
    return (struct random){mixed ? mixed : 1};
}

static inline uint64_t random_next(struct random *random) {
    uint64_t x = random->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random->state = x;
    return x * 0x2545F4914F6CDD1Du;
}

/* A number from 0 to bound - 1; bound from 1 to 2^32. */
static inline size_t random_below(struct random *random, uint64_t bound) {
    return (size_t)((random_next(random) >> 32) * bound >> 32);
}

#endif
