/* What becomes of local parts, and of their spans, between two steps of their owner's call. */
#include "heap.h"
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
    heap_destroy(heap, &thread_self);
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
    struct destroyer destroyer = {.heap = create(0), .inside = &thread_self};
    const struct local *recent;
    pthread_t thread;

    (void)state;
    assert_non_null(heap_alloc(destroyer.heap, &thread_self, 64, false));
    assert_non_null(heap_alloc(destroyer.heap, &thread_self, 64, false));
    section_enter(&thread_self);
    recent = atomic_load(&thread_self.recent);
    assert_ptr_equal(recent->heap, destroyer.heap);
    assert_int_equal(pthread_create(&thread, NULL, destroy_beside_section, &destroyer), 0);
    while (atomic_load(&thread_self.recent) == recent)
        sched_yield();
    for (int i = 0; i < PATIENCE; i++)
        sched_yield();
    section_leave(&thread_self);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(destroyer.waited);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_local_part_is_not_used_again_before_its_owner_has_looked_at_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
