/*
 * Threads that come and go, 100,000 of them, leave nothing behind but the blocks that they leave on
 * purpose. Two at a time, each frees what a thread of the generation before has left in the process
 * heap and in a private one, allocates and frees, and leaves blocks for the next.
 */
#include "engine.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/*
 * What may come and go with the interleaving of two threads: 1 MiB of memory, 8 MiB of address
 * space. A sanitizer is slower, and keeps a record of every thread; Wine takes 1 ms for each.
 */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { GENERATIONS = 2000, WARM = 400, RESIDENT_PAGES = 2048, RESERVED_PAGES = 8192 };
#elif defined(_WIN32)
enum { GENERATIONS = 2000, WARM = 400, RESIDENT_PAGES = 256, RESERVED_PAGES = 2048 };
#else
enum { GENERATIONS = 50000, WARM = 500, RESIDENT_PAGES = 256, RESERVED_PAGES = 2048 };
#endif

enum { PAIR = 2, HEAPS = 2, BLOCKS = 12, LEFT = 4 };

struct left {
    unsigned char *block;
    size_t size;
};

struct life {
    pthread_t thread;
    HANDLE heaps[HEAPS];
    size_t number;                 /* of the thread, from 0 */
    size_t lost;                   /* bytes of a block that nobody frees; 0: none */
    struct left left[HEAPS][LEFT]; /* by whom this thread comes after, then by this one */
    bool sound;
};

/* Mostly small; now and then whole pages, and a mapping of its own. */
static size_t life_size(size_t number, size_t i) {
    if (i == 0 && number % 16 == 0)
        return number % 256 == 0 ? 1500000 : 40000 + number % 1000;
    return (number * 7 + i * 131) % 2000;
}

static bool life_free(HANDLE heap, const struct left *left) {
    bool sound = HeapSize(heap, 0, left->block) == left->size;

    if (left->size != 0)
        sound &= left->block[0] == (left->size & 0xFF) &&
                 left->block[left->size - 1] == (left->size & 0xFF);
    return sound & HeapFree(heap, 0, left->block);
}

static bool life_allocate(HANDLE heap, struct left *left, size_t size) {
    left->size = size;
    left->block = HeapAlloc(heap, 0, size);
    if (left->block != NULL)
        memset(left->block, (int)(size & 0xFF), size);
    return left->block != NULL;
}

static bool life_in_heap(struct life *life, HANDLE heap, struct left *left) {
    struct left own[BLOCKS];
    bool sound = true;

    for (size_t i = 0; i < BLOCKS; i++)
        sound &= life_allocate(heap, &own[i], life_size(life->number, i));
    for (size_t i = 0; i < LEFT; i++)
        sound &= left[i].block == NULL || life_free(heap, &left[i]);
    for (size_t i = LEFT; i < BLOCKS; i++)
        sound &= life_free(heap, &own[i]);
    memcpy(left, own, LEFT * sizeof *left);
    return sound;
}

static pthread_barrier_t halfway;

/*
 * While it is warming up each pair meets halfway, so that two threads have been there at once
 * before anything is counted: that alone makes glibc reserve 64 MiB for the second.
 */
static void *life_run(void *argument) {
    struct life *life = argument;
    struct left lost;

    life->sound = life_in_heap(life, life->heaps[0], life->left[0]);
    if (life->number / PAIR <= WARM)
        pthread_barrier_wait(&halfway);
    life->sound &= life_in_heap(life, life->heaps[1], life->left[1]);
    if (life->lost != 0)
        life->sound &= life_allocate(life->heaps[1], &lost, life->lost);
    return NULL;
}

static void lives_swap(struct life *lives) {
    struct left left[HEAPS][LEFT];

    memcpy(left, lives[0].left, sizeof left);
    memcpy(lives[0].left, lives[1].left, sizeof left);
    memcpy(lives[1].left, left, sizeof left);
}

static void run_generations(struct life *lives, size_t count) {
    for (size_t generation = 0; generation < count; generation++) {
        for (int i = 0; i < PAIR; i++) {
            lives[i].number += PAIR;
            assert_int_equal(pthread_create(&lives[i].thread, NULL, life_run, &lives[i]), 0);
        }
        for (int i = 0; i < PAIR; i++) {
            assert_int_equal(pthread_join(lives[i].thread, NULL), 0);
            assert_true(lives[i].sound);
        }
        lives_swap(lives);
    }
}

static void open_lives(struct life *lives) {
    HANDLE heap = HeapCreate(0, 0, 0);

    assert_non_null(heap);
    assert_int_equal(pthread_barrier_init(&halfway, NULL, PAIR), 0);
    for (size_t i = 0; i < PAIR; i++)
        lives[i] = (struct life){.heaps = {GetProcessHeap(), heap}, .number = i};
}

static void close_lives(struct life *lives) {
    for (int i = 0; i < PAIR; i++)
        for (int heap = 0; heap < HEAPS; heap++)
            for (int block = 0; block < LEFT; block++)
                assert_true(life_free(lives[i].heaps[heap], &lives[i].left[heap][block]));
    assert_true(HeapValidate(lives[0].heaps[0], 0, NULL));
    assert_true(HeapValidate(lives[0].heaps[1], 0, NULL));
    assert_true(HeapDestroy(lives[0].heaps[1]));
    assert_int_equal(pthread_barrier_destroy(&halfway), 0);
}

/*
 * Without what the heaps keep for the blocks to come: pages that were touched once, of which there
 * are more the more often two threads have met in one more way, until all are (some 20,000
 * generations). Not with a sanitizer, whose own pages for them stay: that would only lower the
 * first count.
 */
static struct engine_pages pages_in_use(HANDLE heap) {
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
    HeapCompact(GetProcessHeap(), 0);
    HeapCompact(heap, 0);
#else
    (void)heap;
#endif
    return engine_pages();
}

static bool grew(struct engine_pages before, struct engine_pages after) {
    printf("resident %zu to %zu pages, reserved %zu to %zu\n", before.resident, after.resident,
           before.reserved, after.reserved);
    return after.resident > before.resident + RESIDENT_PAGES ||
           after.reserved > before.reserved + RESERVED_PAGES;
}

static void threads_come_and_go_without_growth(void **state) {
    struct life lives[PAIR];
    struct engine_pages before;

    (void)state;
    open_lives(lives);
    run_generations(lives, WARM);
    before = pages_in_use(lives[0].heaps[1]);
    run_generations(lives, GENERATIONS - WARM);
    assert_false(grew(before, pages_in_use(lives[0].heaps[1])));
    close_lives(lives);
}

/* The control: a fifth as many threads, which lose four times as much as is allowed. */
static void growth_is_seen(void **state) {
    struct life lives[PAIR];
    struct engine_pages before;

    (void)state;
    open_lives(lives);
    run_generations(lives, WARM);
    before = pages_in_use(lives[0].heaps[1]);
    for (int i = 0; i < PAIR; i++)
        lives[i].lost = (size_t)4 * RESIDENT_PAGES * 4096 / (PAIR * GENERATIONS / 5);
    run_generations(lives, GENERATIONS / 5);
    assert_true(grew(before, pages_in_use(lives[0].heaps[1])));
    close_lives(lives);
}

ENGINE_TESTS(churn, cmocka_unit_test(threads_come_and_go_without_growth),
             cmocka_unit_test(growth_is_seen))
