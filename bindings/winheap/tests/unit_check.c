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
static void *freed;

static struct span *allocate(size_t size) {
    void *block = heap_alloc_slow(heap, size, false);

    assert_non_null(block);
    return span_of(block);
}

static int create_heap(void **state) {
    uint32_t index = 0;

    (void)state;
    heap = registry_reserve();
    assert_non_null(heap);
    assert_true(heap_open(heap, 0, 0, 0));
    registry_publish(heap);
    small = allocate(64);
    for (int i = 0; i < 10; i++)
        freed = heap_alloc_ready(heap, 64);
    assert_ptr_equal(heap_find(heap, freed, &index), small);
    heap_free(heap, small, index, freed);
    run = allocate(100000);
    large = allocate(5000000);
    assert_true(heap_check(heap));
    return 0;
}

static int destroy_heap(void **state) {
    (void)state;
    assert_true(heap_check(heap)); /* each test has undone its damage */
    assert_true(registry_retire(heap));
    heap_close(heap);
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
    void **link = freed;
    char *live = small->base;

    (void)state;
    assert_seen(*link, NULL);                                  /* free blocks lost */
    assert_seen(*link, freed);                                 /* a cycle */
    assert_seen(*link, (void *)live);                          /* into a live block */
    assert_seen(*link, (void *)(live + 8));                    /* into the middle of one */
    assert_seen(*link, (void *)(live + 60000));                /* never carved */
    assert_seen(*link, (void *)(uintptr_t)0xFFFF800000000000); /* nowhere */
    assert_seen(small->free, NULL);
}

static void damaged_tables_are_seen(void **state) {
    (void)state;
    assert_seen(small->table[0], SPAN_FREE); /* a live block that says it is free */
    assert_seen(small->table[0], 200);       /* more slack than the class has */
    assert_seen(small->table[0], SPAN_WIDE); /* a slack that the class cannot have */
    assert_seen(small->table[10], 5);        /* a free block that says it is live */
    assert_seen(run->live, SPAN_FREE);
    assert_seen(large->live, SPAN_FREE);
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
    assert_seen(heap->current[3], &span_none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(damaged_links_are_seen), TEST(damaged_tables_are_seen),
                                       TEST(damaged_counts_are_seen), TEST(damaged_heaps_are_seen)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
