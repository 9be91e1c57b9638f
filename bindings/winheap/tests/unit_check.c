/* heap_check sees each kind of damage to the engine's own structures, planted one at a time. */
#include "heap.h"
#include "registry.h"
#include "segment.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct heap *heap;
static struct span *small; /* with live and free blocks */
static struct span *run;
static struct span *large;
static uint32_t free_index;

static struct span *allocate(size_t size) {
    void *block = heap_alloc(heap, thread_self, size, false);

    assert_non_null(block);
    return owner_span(block);
}

static int create_heap(void **state) {
    void *freed;

    (void)state;
    heap = registry_reserve();
    assert_non_null(heap);
    assert_true(heap_open(heap, 0, 0, 0));
    registry_publish(heap);
    small = allocate(64);
    for (int i = 0; i < 10; i++)
        freed = heap_alloc(heap, thread_self, 64, false);
    assert_ptr_equal(heap_find(heap, freed, &free_index), small);
    assert_true(heap_free(heap, thread_self, freed));
    run = allocate(100000);
    large = allocate(5000000);
    assert_true(heap_check(heap));
    return 0;
}

static int destroy_heap(void **state) {
    (void)state;
    assert_true(heap_check(heap)); /* each test has undone its damage */
    assert_true(registry_retire(heap));
    heap_destroy(heap);
    registry_recycle(heap);
    return 0;
}

#define assert_seen(place, damage)                                                                 \
    do {                                                                                           \
        __typeof__(place) saved = (place);                                                         \
        (place) = (damage);                                                                        \
        assert_false(heap_check(heap));                                                            \
        (place) = saved;                                                                           \
    } while (0)

static void damaged_links_are_seen(void **state) {
    span_entry *link = &small->table[free_index];

    (void)state;
    assert_seen(*link, ENTRY_NONE);                   /* free blocks lost */
    assert_seen(*link, (uint16_t)free_index);         /* a cycle */
    assert_seen(*link, 0);                            /* to a live block */
    assert_seen(*link, (uint16_t)small->carved);      /* never carved */
    assert_seen(small->free, ENTRY_NONE);             /* free blocks lost */
    assert_seen(span_mail(small)->first, free_index); /* in two lists */
    assert_seen(span_mail(small)->first, 0);          /* a live block */
}

static void damaged_tables_are_seen(void **state) {
    (void)state;
    assert_seen(small->table[0], ENTRY_NONE);          /* a live block that says it is free */
    assert_seen(small->table[0], ENTRY_LIVE + 65);     /* more than the class has */
    assert_seen(small->table[free_index], ENTRY_LIVE); /* a free block that says it is live */
    assert_seen(run->live, ENTRY_NONE);
    assert_seen(large->live, ENTRY_NONE);
}

static void damaged_counts_are_seen(void **state) {
    (void)state;
    assert_seen(small->until, small->until + 1);
    assert_seen(small->carved, small->carved + 1);
    assert_seen(small->listed, 0);
    assert_seen(small->sizeclass, 9);
    assert_seen(small->kind, SPAN_NONE);
    assert_seen(run->units, 3);
    assert_seen(run->requested, (size_t)1 << 20);
    assert_seen(large->requested, (size_t)1 << 30);
}

static void damaged_heaps_are_seen(void **state) {
    struct segment *segment = segment_of(small);

    (void)state;
    assert_seen(heap->committed, heap->committed + 1);
    assert_seen(heap->limit, heap->committed - 1);
    assert_seen(heap->segments, heap->segments + 1);
    assert_seen(heap->spares, heap->spares + 1);
    assert_seen(segment->touched[20], 3);
    assert_seen(segment->free_units, segment->free_units ^ (uint64_t)1 << 40);
    assert_seen(segment->heap, NULL);
    assert_seen(heap->locals->current[3], &span_none);
    assert_seen(heap->locals->direct[4], &span_none);
    assert_seen(small->local, NULL);
    assert_seen(small->local, &local_none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(damaged_links_are_seen), TEST(damaged_tables_are_seen),
                                       TEST(damaged_counts_are_seen), TEST(damaged_heaps_are_seen)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
