#include "work.h"

#include "common/stamp.h"
#include "ring.h"

static size_t size_logarithmic(struct random *random, unsigned least, unsigned most) {
    unsigned bits = least + (unsigned)random_below(random, most - least);
    return ((size_t)1 << bits) + random_below(random, (uint64_t)1 << bits);
}

/* Mostly up to 512 bytes, one in 16 up to 128 KiB, one in 1024 up to 4 MiB; a few are empty. */
static size_t size_draw(struct seat *seat) {
    size_t live = atomic_load_explicit(&seat->storm->live_bytes, memory_order_relaxed);
    size_t draw = random_below(&seat->random, 1024);
    if (draw >= 64 || live > seat->storm->live_limit) {
        return random_below(&seat->random, 513);
    }
    return draw == 0 ? size_logarithmic(&seat->random, 17, 22)
                     : size_logarithmic(&seat->random, 9, 17);
}

/* The peak is a figure for the reader: a higher one that another thread has just stored may go. */
static void live_change(struct storm *storm, size_t more) {
    size_t live = atomic_fetch_add_explicit(&storm->live_bytes, more, memory_order_relaxed) + more;
    if (live > atomic_load_explicit(&storm->peak_live_bytes, memory_order_relaxed)) {
        atomic_store_explicit(&storm->peak_live_bytes, live, memory_order_relaxed);
    }
}

static void contents_check(struct seat *seat, const char *when, const struct block *block,
                           const unsigned char *data, size_t size) {
    size_t offset = stamp_check(data, size, block->key);
    SEAT_CHECK(seat, offset == STAMP_RIGHT, "%s: byte %zu of a block of %zu is damaged", when,
               offset, block->size);
}

static void size_check(struct seat *seat, const struct block *block) {
    SIZE_T size = seat->storm->engine.HeapSize(seat->storm->heap, 0, block->data);
    SEAT_CHECK(seat, size == block->size, "HeapSize: %zu, expected %zu", size, block->size);
}

/* A block handed out, new or resized: data is in it from byte `old` on what the flags promise. */
static void block_fill(struct seat *seat, struct block *block, DWORD flags, size_t old,
                       unsigned char *data, size_t size) {
    struct storm *storm = seat->storm;
    SEAT_CHECK(seat, (uintptr_t)data % 16 == 0, "%p is not 16-aligned", (void *)data);
    if ((flags | storm->options) & HEAP_ZERO_MEMORY) {
        size_t offset = stamp_check_zero(data, old, size);
        SEAT_CHECK(seat, offset == STAMP_RIGHT, "byte %zu of %zu is not zero, old size %zu", offset,
                   size, old);
    }
    live_change(storm, size - old);
    uint64_t key = ((uint64_t)seat->number << 56 | ++seat->keys) * 0x9E3779B97F4A7C15u;
    *block = (struct block){data, size, key, block->data ? block->maker : seat->occupant};
    stamp_fill(data, size, key);
    size_check(seat, block);
}

static void refusal_check(struct seat *seat, const char *call, DWORD flags, size_t size) {
    SEAT_CHECK(seat, seat->storm->max || flags & HEAP_REALLOC_IN_PLACE_ONLY,
               "%s(%zu): refused by a heap without a maximum", call, size);
    seat_expect_error(seat, call, ERROR_NOT_ENOUGH_MEMORY);
}

static DWORD flags_draw(struct random *random) {
    return random_below(random, 4) == 0 ? HEAP_ZERO_MEMORY : 0;
}

static void block_alloc(struct seat *seat, struct block *block) {
    struct storm *storm = seat->storm;
    DWORD flags = flags_draw(&seat->random);
    size_t size = size_draw(seat);
    unsigned char *data = storm->engine.HeapAlloc(storm->heap, flags, size);
    if (data) {
        block_fill(seat, block, flags, 0, data, size);
    } else {
        refusal_check(seat, "HeapAlloc", flags, size);
    }
}

static void block_resize(struct seat *seat, struct block *block) {
    struct storm *storm = seat->storm;
    DWORD flags = flags_draw(&seat->random);
    flags |= random_below(&seat->random, 4) == 0 ? HEAP_REALLOC_IN_PLACE_ONLY : 0;
    size_t size = size_draw(seat);
    contents_check(seat, "before HeapReAlloc", block, block->data, block->size);
    unsigned char *data = storm->engine.HeapReAlloc(storm->heap, flags, block->data, size);
    if (!data) {
        refusal_check(seat, "HeapReAlloc", flags, size);
        size_check(seat, block);
        contents_check(seat, "refused HeapReAlloc", block, block->data, block->size);
        return;
    }
    contents_check(seat, "after HeapReAlloc", block, data, size < block->size ? size : block->size);
    block_fill(seat, block, flags, block->size, data, size);
}

static void block_free(struct seat *seat, struct block *block) {
    struct storm *storm = seat->storm;
    size_check(seat, block);
    contents_check(seat, "before HeapFree", block, block->data, block->size);
    SEAT_CHECK(seat, storm->engine.HeapFree(storm->heap, 0, block->data),
               "HeapFree: refused a live block of %zu, last error %u", block->size,
               storm->engine.GetLastError());
    live_change(storm, -block->size);
    if (block->maker != seat->occupant) {
        atomic_fetch_add_explicit(&storm->remote, 1, memory_order_relaxed);
    }
    seat->dead[seat->dead_count++ % SEAT_DEAD] = block->data;
    block->data = NULL;
}

/* To a random other seat; a full ring leaves the block where it is. */
static void block_pass(struct seat *seat, struct block *block) {
    struct storm *storm = seat->storm;
    unsigned others = storm->seats_open - 1;
    unsigned to =
        (seat->number + 1 + (unsigned)random_below(&seat->random, others)) % storm->seats_open;
    if (ring_push(&storm->seats[to].inbox[seat->number], block)) {
        block->data = NULL;
    }
}

/* A block from a random other seat is kept where there is room, else freed or resized at once. */
static void block_receive(struct seat *seat) {
    struct block *slot = &seat->slots[random_below(&seat->random, SEAT_SLOTS)];
    struct block block;
    size_t from = random_below(&seat->random, seat->storm->seats_open);
    if (!ring_pop(&seat->inbox[from], &block)) {
        return;
    }
    if (!slot->data) {
        *slot = block;
        return;
    }
    if (random_below(&seat->random, 4) == 0) {
        block_resize(seat, &block);
    }
    block_free(seat, &block);
}

/* No other thread knows the pointer, so the answers hold while others work. */
static void block_misuse(struct seat *seat, const struct block *block) {
    const struct engine *engine = &seat->storm->engine;
    void *interior = block->data + 1 + random_below(&seat->random, block->size + 1) / 16 * 16;
    SEAT_CHECK(seat, !engine->HeapFree(seat->storm->heap, 0, interior),
               "HeapFree: TRUE for an interior pointer");
    seat_expect_error(seat, "HeapFree of an interior pointer", ERROR_INVALID_PARAMETER);
    SEAT_CHECK(seat, !engine->HeapFree(seat->storm->other, 0, block->data),
               "HeapFree: TRUE for another heap's block");
    seat_expect_error(seat, "HeapFree of another heap's block", ERROR_INVALID_PARAMETER);
    SEAT_CHECK(seat, !engine->HeapFree(seat->storm->heap, 0, &interior),
               "HeapFree: TRUE for a pointer into the stack");
    seat_expect_error(seat, "HeapFree of a pointer into the stack", ERROR_INVALID_PARAMETER);
}

static void block_verify(struct seat *seat, const struct block *block) {
    const struct engine *engine = &seat->storm->engine;
    size_check(seat, block);
    contents_check(seat, "between calls", block, block->data, block->size);
    SEAT_CHECK(seat, engine->HeapValidate(seat->storm->heap, 0, block->data),
               "HeapValidate: FALSE for a live block of %zu", block->size);
    if (random_below(&seat->random, 16) == 0) {
        block_misuse(seat, block);
    }
}

static void block_step(struct seat *seat, struct block *block) {
    size_t draw = random_below(&seat->random, 16);
    if (draw < 5) {
        block_free(seat, block);
    } else if (draw < 11) {
        block_pass(seat, block);
    } else if (draw < 14) {
        block_resize(seat, block);
    } else {
        block_verify(seat, block);
    }
}

static void last_error_check(struct seat *seat) {
    DWORD error = seat->storm->engine.GetLastError();
    SEAT_CHECK(seat, error == STORM_LAST_ERROR, "a successful call set the last error to %u",
               error);
}

void work_step(struct seat *seat) {
    struct block *slot = &seat->slots[random_below(&seat->random, SEAT_SLOTS)];
    if (random_below(&seat->random, 4) == 0) {
        block_receive(seat);
    } else if (slot->data) {
        block_step(seat, slot);
    } else {
        block_alloc(seat, slot);
    }
    last_error_check(seat);
}

/* ---- while no other thread works ---- */

static void heap_validate(struct seat *seat) {
    SEAT_CHECK(seat, seat->storm->engine.HeapValidate(seat->storm->heap, 0, NULL),
               "HeapValidate: FALSE for a sound heap");
}

static void dead_check(struct seat *seat, void *dead) {
    const struct engine *engine = &seat->storm->engine;
    HANDLE heap = seat->storm->heap;
    SEAT_CHECK(seat, !engine->HeapValidate(heap, 0, dead), "HeapValidate: TRUE for a freed block");
    SIZE_T size = engine->HeapSize(heap, 0, dead);
    SEAT_CHECK(seat, size == (SIZE_T)-1, "HeapSize: %zu for a freed block", size);
    seat_expect_error(seat, "HeapSize of a freed block", ERROR_INVALID_PARAMETER);
    SEAT_CHECK(seat, !engine->HeapReAlloc(heap, 0, dead, 64),
               "HeapReAlloc: TRUE for a freed block");
    seat_expect_error(seat, "HeapReAlloc of a freed block", ERROR_INVALID_PARAMETER);
    SEAT_CHECK(seat, !engine->HeapFree(heap, 0, dead), "HeapFree: TRUE for a freed block");
    seat_expect_error(seat, "HeapFree of a freed block", ERROR_INVALID_PARAMETER);
}

void work_alone(struct seat *seat) {
    struct block *slot = &seat->slots[random_below(&seat->random, SEAT_SLOTS)];
    if (slot->data) {
        void *dead = slot->data;
        block_free(seat, slot);
        dead_check(seat, dead);
    }
    if (random_below(&seat->random, 8) == 0) {
        heap_validate(seat);
    }
    last_error_check(seat);
}

void work_clear(struct seat *seat) {
    struct block block;
    for (unsigned from = 0; from < seat->storm->seats_open; from++) {
        while (ring_pop(&seat->inbox[from], &block)) {
            block_free(seat, &block);
        }
    }
    for (size_t i = 0; i < SEAT_SLOTS; i++) {
        if (seat->slots[i].data) {
            block_free(seat, &seat->slots[i]);
        }
    }
    heap_validate(seat);
}

void work_check_dead(struct seat *seat) {
    size_t count = seat->dead_count < SEAT_DEAD ? seat->dead_count : SEAT_DEAD;
    for (size_t i = 0; i < count; i++) {
        dead_check(seat, seat->dead[i]);
    }
}
