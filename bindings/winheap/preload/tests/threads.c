/*
 * Threads that hand blocks to each other, and that end with blocks in thread-specific data whose
 * destructors allocate and free, whoever's destructors run before.
 */
#include "family.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 200000, SLOTS = 512, ENDINGS = 300, KEYS = 40 };

/* ---- blocks that any thread may take, check and replace ---- */

struct block {
    size_t size;
    unsigned char bytes[];
};

static _Atomic(struct block *) slots[SLOTS];
static atomic_int unsound;

static struct block *block_new(uint32_t random) {
    size_t size = random >> 16 & (random % 64 == 0 ? 0x3FFFF : 0x3FF);
    struct block *block = family.malloc(sizeof *block + size);

    block->size = size;
    memset(block->bytes, (int)(size & 0xFF), size);
    return block;
}

static bool block_is_sound(const struct block *block) {
    for (size_t i = 0; i < block->size; i++)
        if (block->bytes[i] != (block->size & 0xFF))
            return false;
    return true;
}

static void block_end(struct block *block) {
    if (block != NULL && !block_is_sound(block))
        atomic_fetch_add(&unsound, 1);
    family.free(block);
}

static void *exchange_blocks(void *seed) {
    uint32_t random = (uint32_t)(uintptr_t)seed;

    for (int i = 0; i < ROUNDS; i++) {
        random = random * 1664525 + 1013904223;
        block_end(atomic_exchange(&slots[random >> 8 & (SLOTS - 1)], block_new(random)));
    }
    return NULL;
}

static void threads_free_each_others_blocks(void **state) {
    pthread_t threads[THREADS];

    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, exchange_blocks, (void *)(i + 1)), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < SLOTS; i++)
        block_end(atomic_exchange(&slots[i], NULL));
    assert_int_equal(atomic_load(&unsound), 0);
}

/* ---- threads that allocate for the first time when they end ---- */

static pthread_key_t late_key;

struct late {
    int calls;
    void *block;
};

/* In the last call: nobody is told of the thread's end any more. */
static void allocate_late(void *value) {
    struct late *late = value;

    if (++late->calls < PTHREAD_DESTRUCTOR_ITERATIONS)
        pthread_setspecific(late_key, late);
    else
        late->block = family.malloc(100);
}

/* The values of the first keys are in the thread itself: setting one of them allocates nothing. */
static void *end_with_late(void *late) {
    pthread_setspecific(late_key, late);
    return NULL;
}

static void *use_malloc(void *unused) {
    family.free(family.malloc(100));
    return unused;
}

static void fork_and_wait(void) {
    pid_t child = fork();
    int status = -1;

    if (child == 0)
        _exit(family.malloc(100) == NULL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Its stack, and what is thread-local on it, may be another thread's next, or nobody's. */
static void a_thread_may_begin_to_allocate_at_its_end(void **state) {
    (void)state;
    assert_int_equal(pthread_key_create(&late_key, allocate_late), 0);
    for (int i = 0; i < ENDINGS; i++) {
        struct late late[THREADS] = {{0, NULL}};
        pthread_t threads[THREADS], user;
        for (int j = 0; j < THREADS; j++)
            assert_int_equal(pthread_create(&threads[j], NULL, end_with_late, &late[j]), 0);
        for (int j = 0; j < THREADS; j++) {
            assert_int_equal(pthread_join(threads[j], NULL), 0);
            assert_non_null(late[j].block);
            family.free(late[j].block);
        }
        assert_int_equal(pthread_create(&user, NULL, use_malloc, NULL), 0);
        assert_int_equal(pthread_join(user, NULL), 0);
        if (i % 16 == 0)
            fork_and_wait();
    }
}

/* ---- ends of threads ---- */

static pthread_key_t keys[KEYS];
static atomic_int destroyed;

/*
 * Sets another value, so that it is called as often as destructors are: four times, after which
 * the last value is lost, as with glibc.
 */
static void destroy_value(void *value) {
    pthread_key_t key = *(pthread_key_t *)value;
    pthread_key_t *next = family.malloc(4000);

    *next = key;
    family.free(value);
    pthread_setspecific(key, next);
    atomic_fetch_add(&destroyed, 1);
}

static void *end_with_values(void *unused) {
    for (int i = 0; i < KEYS; i++) {
        pthread_key_t *value = family.malloc(sizeof *value);
        *value = keys[i];
        pthread_setspecific(keys[i], value);
    }
    return unused;
}

static void destructors_of_ended_threads_allocate(void **state) {
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < KEYS; i++)
        assert_int_equal(pthread_key_create(&keys[i], destroy_value), 0);
    for (int round = 0; round < ENDINGS; round++) {
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, end_with_values, NULL), 0);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_true(atomic_load(&destroyed) >= ENDINGS * THREADS * KEYS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_free_each_others_blocks),
        cmocka_unit_test(a_thread_may_begin_to_allocate_at_its_end),
        cmocka_unit_test(destructors_of_ended_threads_allocate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
