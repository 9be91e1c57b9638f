/* HeapWalk: each element once, with its exact size, in order, from what the entry says alone. */
#include "model.h"

#include <string.h>

_Static_assert(sizeof(PROCESS_HEAP_ENTRY) == 40, "as on Windows for x64");
_Static_assert(offsetof(PROCESS_HEAP_ENTRY, lpData) == 0, "as on Windows for x64");
_Static_assert(offsetof(PROCESS_HEAP_ENTRY, cbData) == 8, "as on Windows for x64");
_Static_assert(offsetof(PROCESS_HEAP_ENTRY, cbOverhead) == 12, "as on Windows for x64");
_Static_assert(offsetof(PROCESS_HEAP_ENTRY, iRegionIndex) == 13, "as on Windows for x64");
_Static_assert(offsetof(PROCESS_HEAP_ENTRY, wFlags) == 14, "as on Windows for x64");
_Static_assert(offsetof(PROCESS_HEAP_ENTRY, Block.hMem) == 16, "as on Windows for x64");
_Static_assert(offsetof(PROCESS_HEAP_ENTRY, Region.dwCommittedSize) == 16, "as on Windows for x64");
_Static_assert(offsetof(PROCESS_HEAP_ENTRY, Region.dwUnCommittedSize) == 20, "as on Windows");
_Static_assert(offsetof(PROCESS_HEAP_ENTRY, Region.lpFirstBlock) == 24, "as on Windows for x64");
_Static_assert(offsetof(PROCESS_HEAP_ENTRY, Region.lpLastBlock) == 32, "as on Windows for x64");

static struct model model;

static int create_heap(void **state) {
    (void)state;
    model = (struct model){.heap = HeapCreate(0, 0, 0), .random = 1};
    return model.heap == NULL;
}

static int destroy_heap(void **state) {
    (void)state;
    return !HeapDestroy(model.heap);
}

/* The next element; false at the end, for which the last error must stand. */
static bool step(HANDLE heap, PROCESS_HEAP_ENTRY *entry) {
    SetLastError(12345);
    if (HeapWalk(heap, entry)) {
        assert_int_equal(GetLastError(), 12345);
        return true;
    }
    assert_int_equal(GetLastError(), ERROR_NO_MORE_ITEMS);
    return false;
}

static bool is_busy(const PROCESS_HEAP_ENTRY *entry) {
    return (entry->wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0;
}

static void assert_walk_equals_model(void) {
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    bool met[MODEL_SLOTS] = {false};
    size_t count = 0, bytes = 0;

    while (step(model.heap, &entry)) {
        if (!is_busy(&entry))
            continue;
        size_t slot = model_find(&model, entry.lpData);
        assert_true(slot != MODEL_NONE);
        assert_false(met[slot]);
        met[slot] = true;
        assert_int_equal(entry.cbData, model.blocks[slot].size);
        bytes += entry.cbData;
        count++;
    }
    assert_int_equal(count, model_count(&model));
    assert_int_equal(bytes, model_bytes(&model));
}

static void each_live_block_is_met_once_with_its_exact_size(void **state) {
    (void)state;
    assert_walk_equals_model();
    for (int i = 0; i < 12000; i++) {
        model_step(&model);
        if (i % 100 == 0)
            assert_walk_equals_model();
    }
    model_clear(&model);
    assert_walk_equals_model();
}

static void every_kind_of_heap_can_be_walked(void **state) {
    static const struct {
        DWORD options;
        SIZE_T max;
        size_t largest; /* that Windows promises with a maximum */
    } kinds[] = {
        {HEAP_NO_SERIALIZE, 0, 0}, {0, (SIZE_T)64 << 20, 0x7FFF8}, {HEAP_ZERO_MEMORY, 0, 0}};
    HANDLE first = model.heap;

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        model = (struct model){.heap = HeapCreate(kinds[i].options, 0, kinds[i].max),
                               .random = 7,
                               .largest = kinds[i].largest};
        for (int j = 0; j < 1000; j++)
            model_step(&model);
        assert_walk_equals_model();
        assert_true(HeapDestroy(model.heap));
    }
    model.heap = first;
}

/* Whether all elements between two regions follow one another without overlap. */
static bool elements_are_in_order(HANDLE heap) {
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    char *end = NULL;

    while (step(heap, &entry)) {
        if ((entry.wFlags & PROCESS_HEAP_REGION) != 0) {
            end = NULL;
            continue;
        }
        if ((char *)entry.lpData < end)
            return false;
        end = (char *)entry.lpData + (entry.cbData != 0 ? entry.cbData : 1);
    }
    return true;
}

/* Whether there are regions, and each element lies in the one that it says and that it follows. */
static bool elements_are_in_regions(HANDLE heap) {
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL}, region = {.lpData = NULL};

    while (step(heap, &entry)) {
        if ((entry.wFlags & PROCESS_HEAP_REGION) != 0) {
            region = entry;
            continue;
        }
        if (region.lpData == NULL || entry.iRegionIndex != region.iRegionIndex ||
            entry.lpData < region.Region.lpFirstBlock ||
            (char *)entry.lpData + entry.cbData > (char *)region.Region.lpLastBlock)
            return false;
    }
    return region.lpData != NULL;
}

static void elements_come_in_order_within_their_regions(void **state) {
    bool ordered = true, placed = true;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        model_step(&model);
        if (i % 100 == 99) {
            ordered = ordered && elements_are_in_order(model.heap);
            placed = placed && elements_are_in_regions(model.heap);
        }
    }
    assert_promise("walk.address_order", ordered);
    assert_promise("walk.regions", placed);
}

/* Whether the walk has this address in an element with these flags. */
static bool walk_has(const char *address, WORD flags) {
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    bool found = false;

    while (step(model.heap, &entry))
        if (entry.wFlags == flags && address >= (char *)entry.lpData &&
            address < (char *)entry.lpData + entry.cbData)
            found = true;
    return found;
}

static void a_freed_block_is_a_free_element(void **state) {
    char *blocks[5];

    (void)state;
    for (int i = 0; i < 5; i++)
        blocks[i] = HeapAlloc(model.heap, 0, 1000);
    assert_true(walk_has(blocks[2], PROCESS_HEAP_ENTRY_BUSY));
    assert_false(walk_has(blocks[2], 0));
    assert_true(HeapFree(model.heap, 0, blocks[2]));
    assert_false(walk_has(blocks[2] + 500, PROCESS_HEAP_ENTRY_BUSY));
    assert_promise("walk.free_blocks", walk_has(blocks[2] + 500, 0));
    assert_true(walk_has(blocks[1], PROCESS_HEAP_ENTRY_BUSY));
    assert_true(walk_has(blocks[3], PROCESS_HEAP_ENTRY_BUSY));
}

/* A fixed-size heap has most of its address space without memory behind it. */
static bool has_uncommitted_range(HANDLE heap) {
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};

    while (step(heap, &entry))
        if (entry.wFlags == PROCESS_HEAP_UNCOMMITTED_RANGE)
            return entry.cbData >= 4096;
    return false;
}

static void what_has_no_memory_is_an_uncommitted_range(void **state) {
    HANDLE heap = HeapCreate(0, 4096, (SIZE_T)16 << 20);

    (void)state;
    assert_non_null(HeapAlloc(heap, 0, 100));
    assert_promise("walk.uncommitted_ranges", has_uncommitted_range(heap));
    assert_true(HeapDestroy(heap));
}

/* Each step is made a second time from a copy, after another walk has gone on by one. */
static void all_state_is_in_the_entry(void **state) {
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL}, other = {.lpData = NULL}, copy = entry;

    (void)state;
    for (int i = 0; i < 1000; i++)
        model_step(&model);
    assert_true(step(model.heap, &other));
    while (step(model.heap, &entry)) {
        if (!step(model.heap, &other))
            other.lpData = NULL;
        assert_true(step(model.heap, &copy));
        assert_ptr_equal(copy.lpData, entry.lpData);
        assert_int_equal(copy.cbData, entry.cbData);
        assert_int_equal(copy.wFlags, entry.wFlags);
        assert_int_equal(copy.iRegionIndex, entry.iRegionIndex);
    }
    assert_false(step(model.heap, &copy));
}

static bool is_refused(HANDLE heap, PROCESS_HEAP_ENTRY *entry, DWORD error) {
    SetLastError(0);
    return !HeapWalk(heap, entry) && GetLastError() == error;
}

static bool is_no_entry(HANDLE heap, void *address, WORD flags) {
    PROCESS_HEAP_ENTRY entry = {.lpData = address, .wFlags = flags};

    return is_refused(heap, &entry, ERROR_INVALID_PARAMETER);
}

static bool is_never_an_entry(void *address) {
    for (WORD flags = 0; flags <= PROCESS_HEAP_ENTRY_BUSY; flags++)
        if (!is_no_entry(model.heap, address, flags))
            return false;
    return true;
}

static void entries_that_are_none_are_refused(void **state) {
    char *block = HeapAlloc(model.heap, 0, 1000);
    void *freed = HeapAlloc(model.heap, 0, 1000);
    HANDLE other = HeapCreate(0, 0, 0);
    int local = 0;

    (void)state;
    assert_true(HeapFree(model.heap, 0, freed));
    assert_promise("walk.no_block_is_no_entry",
                   is_no_entry(model.heap, block + 16, PROCESS_HEAP_ENTRY_BUSY) &&
                       is_no_entry(model.heap, block + 1, PROCESS_HEAP_ENTRY_BUSY) &&
                       is_no_entry(model.heap, freed, PROCESS_HEAP_ENTRY_BUSY) &&
                       is_no_entry(other, block, PROCESS_HEAP_ENTRY_BUSY));
    assert_promise("walk.the_flags_must_fit",
                   is_no_entry(model.heap, block, 0x80) &&
                       is_no_entry(model.heap, block, PROCESS_HEAP_REGION) &&
                       is_no_entry(model.heap, block, 0));
    assert_promise("walk.any_address_is_no_entry",
                   is_never_an_entry(&local) && is_never_an_entry((void *)0x800000000000));
    assert_promise("walk.null_is_no_entry", is_refused(model.heap, NULL, ERROR_INVALID_PARAMETER));
    assert_true(HeapDestroy(other));
}

static void what_is_no_heap_cannot_be_walked(void **state) {
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    HANDLE dead = HeapCreate(0, 0, 0);

    (void)state;
    assert_true(HeapDestroy(dead));
    assert_promise("walk.a_destroyed_heap_is_none", is_refused(dead, &entry, ERROR_INVALID_HANDLE));
    assert_promise("walk.null_is_no_heap", is_refused(NULL, &entry, ERROR_INVALID_HANDLE));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_heap, destroy_heap)
ENGINE_TESTS(walk, TEST(each_live_block_is_met_once_with_its_exact_size),
             TEST(every_kind_of_heap_can_be_walked),
             TEST(elements_come_in_order_within_their_regions),
             TEST(a_freed_block_is_a_free_element),
             TEST(what_has_no_memory_is_an_uncommitted_range), TEST(all_state_is_in_the_entry),
             TEST(entries_that_are_none_are_refused), TEST(what_is_no_heap_cannot_be_walked))
