/* What becomes of local parts, and of their spans, between two steps of their owner's call. */
#include "heap.h"
#include "lock.h"
#include "registry.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { PATIENCE = 1000 }; /* how often the other thread may go on, if nothing holds it back */

static struct heap *create(size_t max) {
    struct heap *heap = registry_reserve();

    assert_non_null(heap);
    assert_true(heap_open(heap, 0, 0, max));
    registry_publish(heap);
    return heap;
}

static void destroy(struct heap *heap) {
    assert_true(registry_retire(heap));
    heap_destroy(heap);
    registry_recycle(heap);
}

struct destroyer {
    struct heap *heap;
    const struct thread *inside; /* a thread with a local part of the heap */
    bool waited;
};

static void *destroy_beside_section(void *argument) {
    struct destroyer *destroyer = argument;

    destroy(destroyer->heap);
    destroyer->waited = !atomic_load(&destroyer->inside->busy);
    return NULL;
}

/* It has looked up its local part of one heap, and is about to see whether it is another's. */
static void a_local_part_is_not_used_again_before_its_owner_has_looked_at_it(void **state) {
    struct destroyer destroyer = {.heap = create(0)};
    const struct local *recent;
    pthread_t thread;

    (void)state;
    assert_non_null(heap_alloc(destroyer.heap, thread_self, 64, false));
    assert_non_null(heap_alloc(destroyer.heap, thread_self, 64, false));
    destroyer.inside = thread_self; /* which it has got by now */
    section_enter(thread_self);
    recent = atomic_load(&thread_self->recent);
    assert_ptr_equal(recent->heap, destroyer.heap);
    assert_int_equal(pthread_create(&thread, NULL, destroy_beside_section, &destroyer), 0);
    while (atomic_load(&thread_self->recent) == recent)
        sched_yield();
    for (int i = 0; i < PATIENCE; i++)
        sched_yield();
    section_leave(thread_self);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(destroyer.waited);
}

struct emptier {
    struct heap *heap;
    pthread_barrier_t ready; /* twice: when its next free is a span's last, and to do that */
    struct span *span;
};

/* Of 16 KiB a span holds four: the fifth is alone in its own, until a free lists the first again.
 */
static void *empty_a_span(void *argument) {
    struct emptier *emptier = argument;
    void *blocks[5];

    for (int i = 0; i < 5; i++)
        blocks[i] = heap_alloc(emptier->heap, thread_self, 16384, false);
    emptier->span = owner_span(blocks[4]);
    heap_free(emptier->heap, thread_self, blocks[0]);
    pthread_barrier_wait(&emptier->ready);
    pthread_barrier_wait(&emptier->ready);
    heap_free(emptier->heap, thread_self, blocks[4]);
    return NULL;
}

/* It has seen that the span is empty, and waits for the lock to release it. */
static void an_emptied_span_is_not_released_before_its_owner_has_the_lock(void **state) {
    struct emptier emptier = {.heap = create(0)};
    pthread_t thread;

    (void)state;
    pthread_barrier_init(&emptier.ready, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, empty_a_span, &emptier), 0);
    pthread_barrier_wait(&emptier.ready);
    heap_lock(emptier.heap);
    pthread_barrier_wait(&emptier.ready);
    while (atomic_load(&emptier.heap->lock) != LOCK_AWAITED)
        sched_yield();
    heap_release_unused(emptier.heap);
    assert_ptr_equal(owner_span(emptier.span->base), emptier.span);
    heap_unlock(emptier.heap);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_null(owner_span(emptier.span->base));
    assert_true(heap_check(emptier.heap));
    pthread_barrier_destroy(&emptier.ready);
    destroy(emptier.heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_local_part_is_not_used_again_before_its_owner_has_looked_at_it),
        cmocka_unit_test(an_emptied_span_is_not_released_before_its_owner_has_the_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
