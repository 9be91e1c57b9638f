/* Serialized heaps under several threads, heaps of one thread each, and the last error. */
#include "engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 20000, SLOTS = 64 };

struct worker {
    pthread_t thread;
    HANDLE heap;
    unsigned char number;
    bool sound;
};

/* Each thread keeps its blocks filled with its number: another's write or block would show. */
static bool worker_check(const unsigned char *block, size_t size, unsigned char number) {
    for (size_t i = 0; i < size; i++)
        if (block[i] != number)
            return false;
    return true;
}

static bool worker_step(struct worker *worker, unsigned char **slot, size_t *size, size_t wanted) {
    if (*slot != NULL) {
        bool sound = worker_check(*slot, *size, worker->number) &&
                     HeapSize(worker->heap, 0, *slot) == *size && HeapFree(worker->heap, 0, *slot);
        *slot = NULL;
        return sound;
    }
    *size = wanted;
    *slot = HeapAlloc(worker->heap, 0, wanted);
    if (*slot != NULL)
        memset(*slot, worker->number, wanted);
    return *slot != NULL;
}

static void *worker_run(void *argument) {
    struct worker *worker = argument;
    unsigned char *slots[SLOTS] = {NULL};
    size_t sizes[SLOTS];
    uint32_t random = worker->number;

    worker->sound = true;
    for (int i = 0; i < ROUNDS && worker->sound; i++) {
        random = random * 1664525 + 1013904223;
        uint32_t slot = random >> 10 & (SLOTS - 1);
        size_t wanted = random >> 16 & (i % 64 == 0 ? 0xFFFF : 0x1FF);
        worker->sound = worker_step(worker, &slots[slot], &sizes[slot], wanted);
    }
    for (int i = 0; i < SLOTS; i++)
        HeapFree(worker->heap, 0, slots[i]);
    return NULL;
}

static void run_workers(struct worker *workers) {
    for (int i = 0; i < THREADS; i++) {
        workers[i].number = (unsigned char)(i + 1);
        assert_int_equal(pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_true(workers[i].sound);
    }
}

static void threads_share_a_serialized_heap(void **state) {
    struct worker workers[THREADS];
    HANDLE heap = HeapCreate(0, 0, 0);

    (void)state;
    for (int i = 0; i < THREADS; i++)
        workers[i].heap = heap;
    run_workers(workers);
    assert_true(HeapValidate(heap, 0, NULL));
    assert_true(HeapDestroy(heap));
}

static void threads_have_unserialized_heaps_of_their_own(void **state) {
    struct worker workers[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        workers[i].heap = HeapCreate(HEAP_NO_SERIALIZE, 0, 0);
    run_workers(workers);
    for (int i = 0; i < THREADS; i++) {
        assert_true(HeapValidate(workers[i].heap, 0, NULL));
        assert_true(HeapDestroy(workers[i].heap));
    }
}

struct exchange {
    HANDLE heap;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void *block; /* NULL: the consumer has freed it */
    bool done;
    bool sound;
};

static void *exchange_consume(void *argument) {
    struct exchange *exchange = argument;

    pthread_mutex_lock(&exchange->lock);
    for (;;) {
        while (exchange->block == NULL && !exchange->done)
            pthread_cond_wait(&exchange->changed, &exchange->lock);
        if (exchange->block == NULL)
            break;
        exchange->sound &= HeapFree(exchange->heap, 0, exchange->block);
        exchange->block = NULL;
        pthread_cond_signal(&exchange->changed);
    }
    pthread_mutex_unlock(&exchange->lock);
    return NULL;
}

static void exchange_produce(struct exchange *exchange, void *block) {
    pthread_mutex_lock(&exchange->lock);
    while (exchange->block != NULL)
        pthread_cond_wait(&exchange->changed, &exchange->lock);
    exchange->block = block;
    exchange->done = block == NULL;
    pthread_cond_signal(&exchange->changed);
    pthread_mutex_unlock(&exchange->lock);
}

static void one_thread_frees_what_another_allocated(void **state) {
    struct exchange exchange = {.heap = HeapCreate(0, 0, 0),
                                .lock = PTHREAD_MUTEX_INITIALIZER,
                                .changed = PTHREAD_COND_INITIALIZER,
                                .sound = true};
    pthread_t consumer;

    (void)state;
    assert_int_equal(pthread_create(&consumer, NULL, exchange_consume, &exchange), 0);
    for (size_t i = 0; i < 5000; i++) {
        void *block = HeapAlloc(exchange.heap, 0, i * 37 % 5000);
        assert_non_null(block);
        exchange_produce(&exchange, block);
    }
    exchange_produce(&exchange, NULL);
    assert_int_equal(pthread_join(consumer, NULL), 0);
    assert_true(exchange.sound);
    assert_true(HeapValidate(exchange.heap, 0, NULL));
    assert_true(HeapDestroy(exchange.heap));
}

enum { LEGACY = 120000, LEGACY_SIZE = 640 };

struct legacy {
    HANDLE heap;
    unsigned char **blocks;
};

static void *leave_blocks(void *argument) {
    struct legacy *legacy = argument;

    for (size_t i = 0; i < LEGACY; i++) {
        legacy->blocks[i] = HeapAlloc(legacy->heap, 0, LEGACY_SIZE);
        memset(legacy->blocks[i], (int)(i & 0xFF), LEGACY_SIZE);
    }
    for (size_t i = 0; i < LEGACY; i += 2) { /* holes, for others to allocate from */
        HeapFree(legacy->heap, 0, legacy->blocks[i]);
        legacy->blocks[i] = NULL;
    }
    return NULL;
}

/* Heaps of other threads take what the ended thread left free, and go again. */
static void *use_what_was_left(void *argument) {
    for (int round = 0; round < 2; round++) {
        HANDLE heap = HeapCreate(0, 0, 0);
        for (size_t i = 0; i < LEGACY; i++)
            memset(HeapAlloc(heap, 0, LEGACY_SIZE), 0xEE, LEGACY_SIZE);
        HeapDestroy(heap);
    }
    return argument;
}

static void blocks_outlive_the_thread_that_made_them(void **state) {
    struct legacy legacy = {HeapCreate(0, 0, 0), calloc(LEGACY, sizeof(unsigned char *))};
    void *(*const lives[])(void *) = {leave_blocks, use_what_was_left};
    pthread_t thread;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&thread, NULL, lives[i], &legacy), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    for (size_t i = 1; i < LEGACY; i += 2) {
        assert_int_equal(HeapSize(legacy.heap, 0, legacy.blocks[i]), LEGACY_SIZE);
        assert_true(worker_check(legacy.blocks[i], LEGACY_SIZE, (unsigned char)i));
        assert_true(i % 4 == 1 || HeapFree(legacy.heap, 0, legacy.blocks[i]));
    }
    assert_true(HeapDestroy(legacy.heap)); /* with the other half in it */
    free(legacy.blocks);
}

static void *cycle_heaps(void *argument) {
    bool *sound = argument;

    for (int i = 0; i < 500; i++) {
        HANDLE heap = HeapCreate(0, 0, 0);
        *sound &= heap != NULL && HeapAlloc(heap, 0, 100) != NULL && HeapDestroy(heap);
    }
    return NULL;
}

static void threads_create_and_destroy_heaps(void **state) {
    pthread_t threads[THREADS];
    bool sound[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        sound[i] = true;
        assert_int_equal(pthread_create(&threads[i], NULL, cycle_heaps, &sound[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(sound[i]);
    }
}

/* Whose turn it is: the calls that start and wait for threads may change the last error. */
enum { WAIT, OTHERS, OURS };
static atomic_int turn = WAIT;
static DWORD others_error;

static void *fail_in_thread(void *unused) {
    while (atomic_load(&turn) != OTHERS)
        ;
    HeapAlloc(NULL, 0, 1);
    others_error = GetLastError();
    atomic_store(&turn, OURS);
    return unused;
}

static void the_last_error_is_per_thread(void **state) {
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, fail_in_thread, NULL), 0);
    SetLastError(12345);
    atomic_store(&turn, OTHERS);
    while (atomic_load(&turn) != OURS)
        ;
    assert_int_equal(GetLastError(), 12345);
    assert_int_equal(others_error, ERROR_INVALID_HANDLE);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

ENGINE_TESTS(threads, cmocka_unit_test(threads_share_a_serialized_heap),
             cmocka_unit_test(threads_have_unserialized_heaps_of_their_own),
             cmocka_unit_test(one_thread_frees_what_another_allocated),
             cmocka_unit_test(blocks_outlive_the_thread_that_made_them),
             cmocka_unit_test(threads_create_and_destroy_heaps),
             cmocka_unit_test(the_last_error_is_per_thread))
