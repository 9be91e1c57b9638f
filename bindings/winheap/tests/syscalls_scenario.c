#include "syscalls_scenario.h"

#include "winheap/heapapi.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCKS = 400, LAST_ERROR = 0x5EED };

struct block {
    unsigned char *data;
    size_t size;
};

struct scene {
    HANDLE heap;
    bool limited; /* it may refuse */
    size_t refused;
    struct block blocks[BLOCKS];
    size_t count;
};

static void check(bool right, enum scenario_end end, const char *what, size_t size) {
    if (right)
        return;
    fprintf(stderr, "%s (%zu), last error %u\n", what, size, GetLastError());
    exit((int)end);
}

/* What only a lack of memory may make fail, and only so. */
static bool check_given(struct scene *scene, const char *what, const void *given, size_t size) {
    check(GetLastError() == (given != NULL ? LAST_ERROR : ERROR_NOT_ENOUGH_MEMORY), SCENARIO_BROKEN,
          what, size);
    SetLastError(LAST_ERROR);
    scene->refused += given == NULL && !scene->limited;
    return given != NULL;
}

/* ---- contents: bytes at the start, the end and ever larger distances, so that few pages fault
 * ---- */

static size_t next_offset(size_t offset) {
    return offset * 2 + 2048;
}

static unsigned char stamp(size_t offset) {
    return (unsigned char)(offset / 2048 * 7 + 1);
}

static unsigned char stamp_of_end(const struct block *block) {
    return (unsigned char)(block->size * 31 + 1);
}

static void block_fill(const struct block *block) {
    for (size_t i = 0; i < block->size; i = next_offset(i))
        block->data[i] = stamp(i);
    if (block->size != 0)
        block->data[block->size - 1] = stamp_of_end(block);
}

/* Of the first bytes, up to size, but for the last one of the block. */
static void check_contents(const struct block *block, size_t size) {
    for (size_t i = 0; i < size && i + 1 < block->size; i = next_offset(i))
        check(block->data[i] == stamp(i), SCENARIO_DAMAGED, "contents", i);
    if (size == block->size && size != 0)
        check(block->data[size - 1] == stamp_of_end(block), SCENARIO_DAMAGED, "last byte", size);
}

static void check_zero(const unsigned char *data, size_t from, size_t size) {
    for (size_t i = from; i < size; i = next_offset(i))
        check(data[i] == 0, SCENARIO_DAMAGED, "not zero", i);
    check(size <= from || data[size - 1] == 0, SCENARIO_DAMAGED, "last byte not zero", size);
}

static void check_block(struct scene *scene, const struct block *block) {
    check(HeapSize(scene->heap, 0, block->data) == block->size, SCENARIO_BROKEN, "HeapSize",
          block->size);
    check_contents(block, block->size);
}

static void check_all(struct scene *scene) {
    for (size_t i = 0; i < scene->count; i++)
        check_block(scene, &scene->blocks[i]);
    check(HeapValidate(scene->heap, 0, NULL), SCENARIO_BROKEN, "HeapValidate", 0);
}

/* ---- steps ---- */

static void allocate(struct scene *scene, DWORD flags, size_t size) {
    struct block block = {HeapAlloc(scene->heap, flags, size), size};

    if (!check_given(scene, "HeapAlloc", block.data, size))
        return;
    if ((flags & HEAP_ZERO_MEMORY) != 0)
        check_zero(block.data, 0, size);
    block_fill(&block);
    scene->blocks[scene->count++] = block;
}

static void resize(struct scene *scene, size_t index, DWORD flags, size_t size) {
    struct block *block, resized;

    if (index >= scene->count)
        return;
    block = &scene->blocks[index];
    resized = (struct block){HeapReAlloc(scene->heap, flags, block->data, size), size};
    if ((flags & HEAP_REALLOC_IN_PLACE_ONLY) != 0 && resized.data == NULL)
        scene->refused -= !scene->limited; /* it may always be refused */
    if (!check_given(scene, "HeapReAlloc", resized.data, size)) {
        check_block(scene, block);
        return;
    }
    block->data = resized.data;
    check_contents(block, size < block->size ? size : block->size);
    if ((flags & HEAP_ZERO_MEMORY) != 0)
        check_zero(resized.data, block->size, size);
    *block = resized;
    block_fill(block);
}

/* A release needs no memory, so it cannot fail for want of it. */
static void release(struct scene *scene, size_t index) {
    check_block(scene, &scene->blocks[index]);
    check(HeapFree(scene->heap, 0, scene->blocks[index].data), SCENARIO_BROKEN, "HeapFree",
          scene->blocks[index].size);
    scene->blocks[index] = scene->blocks[--scene->count];
}

static void release_each(struct scene *scene, size_t step) {
    for (size_t i = 0; i < scene->count; i += step - 1)
        release(scene, i);
}

static void release_all(struct scene *scene) {
    while (scene->count != 0)
        release(scene, scene->count - 1);
}

/* ---- acts ---- */

static void act_small(struct scene *scene) {
    for (size_t size = 0; size <= 32768; size += size / 4 + 16)
        allocate(scene, size % 3 == 0 ? HEAP_ZERO_MEMORY : 0, size);
    for (size_t i = 0; i < 6; i++)
        allocate(scene, 0, 32768 - i);
    check_all(scene);
}

/* From class to class, to a run, and to a mapping of its own. */
static void act_grow(struct scene *scene) {
    static const size_t sizes[] = {100, 5000, 40000, 40000 * 3, 1 << 20, 3 << 20, 20 << 20};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        resize(scene, 5, i % 2 == 0 ? HEAP_ZERO_MEMORY : 0, sizes[i]);
    resize(scene, 5, HEAP_REALLOC_IN_PLACE_ONLY, 64 << 20);
    resize(scene, 5, 0, 2 << 20);
    resize(scene, 5, 0, 10);
    check_all(scene);
}

static void act_large(struct scene *scene) {
    size_t first = scene->count;

    for (size_t i = 0; i < 5; i++)
        allocate(scene, i == 0 ? HEAP_ZERO_MEMORY : 0, 1000000 + i * 1000);
    for (size_t i = 0; i < 2; i++)
        allocate(scene, 0, (size_t)(3 + i) << 20);
    for (size_t i = first; i < scene->count; i++)
        resize(scene, i, i % 2 == 0 ? 0 : HEAP_REALLOC_IN_PLACE_ONLY, 5 << 20);
    check_all(scene);
}

static void *act_elsewhere(void *argument) {
    struct scene *scene = argument;

    SetLastError(LAST_ERROR);
    release_each(scene, 2);
    act_small(scene);
    return NULL;
}

static void act_in_thread(struct scene *scene) {
    pthread_t thread;

    if (pthread_create(&thread, NULL, act_elsewhere, scene) == 0)
        pthread_join(thread, NULL);
    else
        check(false, SCENARIO_BROKEN, "pthread_create", 0);
}

static size_t live_in(HANDLE heap, bool limited, bool threads) {
    struct scene *scene = calloc(1, sizeof *scene);
    size_t refused;

    check(scene != NULL, SCENARIO_BROKEN, "calloc", sizeof *scene);
    scene->heap = heap;
    scene->limited = limited;
    act_small(scene);
    act_grow(scene);
    act_large(scene);
    release_each(scene, 3);
    check_all(scene);
    if (threads)
        act_in_thread(scene);
    release_all(scene);
    act_large(scene);
    check_all(scene);
    if (heap == GetProcessHeap())
        release_all(scene);
    refused = scene->refused;
    free(scene);
    return refused;
}

static size_t live_with(DWORD options, size_t initial, size_t max) {
    struct scene nobody = {.limited = max != 0};
    HANDLE heap = HeapCreate(options, initial, max);
    size_t refused;

    if (!check_given(&nobody, "HeapCreate", heap, initial))
        return 1;
    refused = live_in(heap, max != 0, (options & HEAP_NO_SERIALIZE) == 0);
    check(HeapDestroy(heap), SCENARIO_BROKEN, "HeapDestroy", max);
    check(!HeapValidate(heap, 0, NULL), SCENARIO_BROKEN, "HeapValidate of a dead heap", max);
    return refused;
}

size_t scenario_live(void) {
    struct scene nobody = {0};
    HANDLE process;
    size_t refused = 0;

    SetLastError(LAST_ERROR);
    process = GetProcessHeap();
    if (check_given(&nobody, "GetProcessHeap", process, 0))
        refused += live_in(process, false, true);
    refused += live_with(0, 0, 0);
    refused += live_with(HEAP_ZERO_MEMORY, 1 << 20, 0);
    refused += live_with(0, 100000, 12 << 20);
    refused += live_with(HEAP_NO_SERIALIZE, 0, 0);
    return refused + nobody.refused;
}
