#include "span.h"

#include "debug.h"
#include "local.h"
#include "owner.h"
#include "pages.h"
#include "segment.h"

struct span span_none = {.free = ENTRY_NONE};

/* At the head of its class's list: what was freed last is what the caches know best. */
static void span_list(struct local *local, struct span *span) {
    struct span *head = local->current[span->sizeclass];

    span->listed = true;
    span->previous = &span_none;
    span->next = head;
    span->until++;
    if (head != &span_none) {
        head->previous = span;
        head->until--;
    }
    local_set_current(local, span->sizeclass, span);
}

static void span_unlist(struct local *local, struct span *span) {
    span->listed = false;
    if (span->next != &span_none)
        span->next->previous = span->previous;
    if (span->previous != &span_none) {
        span->previous->next = span->next;
        return;
    }
    span->until--;
    if (span->next != &span_none)
        span->next->until++;
    local_set_current(local, span->sizeclass, span->next);
}

struct span *span_new(struct heap *heap, struct local *local, uint32_t sizeclass) {
    struct span *span = segment_take_units(heap, 1);
    uint32_t size = sizeclass_size(sizeclass);
    struct segment *segment = segment_of(span);
    uint32_t unit;

    if (span == NULL)
        return NULL;
    unit = span_unit(span);
    span->kind = SPAN_BLOCKS;
    span->sizeclass = (uint8_t)sizeclass;
    span->size = size;
    span->base = unit_start(segment, unit);
    span->blocks = (uint16_t)(UNIT_BYTES / size);
    span->shift = (uint8_t)__builtin_ctz(size);
    span->inverse = sizeclass_inverse(size >> span->shift);
    span->table = span->blocks <= SPAN_FEW
                      ? span->few
                      : segment_table(segment, unit, span->blocks * sizeof(span_entry));
    span->free = ENTRY_NONE;
    span->until = 0;
    span->carved = 0;
    atomic_store_explicit(&span_mail(span)->first, ENTRY_NONE, memory_order_relaxed);
    atomic_store_explicit(&span->local, local, memory_order_relaxed);
    owner_set(span->base, span);
    span_list(local, span);
    return span;
}

/* Doubling: few visits to the slow path, and a span that stays small touches little of its table.
 */
static uint32_t span_carve_end(const struct span *span) {
    size_t wanted = span->carved == 0 ? span->size : 2 * (size_t)span->carved * span->size;
    size_t end = pages_of(wanted) * PAGE_BYTES / span->size;

    return end < span->blocks ? (uint32_t)end : span->blocks;
}

static uint32_t span_carve_least(const struct span *span) {
    size_t pages = pages_of(((size_t)span->carved + 1) * span->size);
    size_t end = pages * PAGE_BYTES / span->size;

    return end < span->blocks ? (uint32_t)end : span->blocks;
}

static bool span_commit(struct heap *heap, struct span *span, uint32_t end) {
    return pages_commit(heap, segment_of(span), span_unit(span),
                        pages_of((size_t)end * span->size));
}

bool span_carve(struct heap *heap, struct span *span) {
    uint32_t start = span->carved;
    uint32_t end = span_carve_end(span);

    if (!span_commit(heap, span, end)) {
        end = span_carve_least(span);
        if (!span_commit(heap, span, end))
            return false;
    }
    for (uint32_t i = start; i + 1 < end; i++)
        span->table[i] = (span_entry)(i + 1);
    span->table[end - 1] = (span_entry)(span->free);
    debug_carve(heap, span, start, end);
    span->free = start;
    span->block = span_block(span, start);
    __atomic_store_n(&span->carved, end, __ATOMIC_RELAXED); /* other threads may be looking */
    return true;
}

struct span *span_pass(struct local *local, struct span *head) {
    struct span *span = head->next;

    while (span != &span_none && span->free == ENTRY_NONE)
        span = span->next;
    if (span == &span_none)
        return NULL;
    span_unlist(local, span);
    span_list(local, span);
    return span;
}

struct span *span_head(struct local *local, uint32_t sizeclass) {
    struct span *span = local->current[sizeclass];

    while (span != &span_none && !span_is_ready(span) && span->carved == span->blocks) {
        span_unlist(local, span);
        span->until = 1;
        span = local->current[sizeclass];
    }
    return span;
}

void span_relist(struct local *local, struct span *span) {
    span->until = span->carved - 1u;
    span_list(local, span);
}

void span_transfer(struct local *from, struct local *to, struct span *span) {
    span_unlist(from, span);
    atomic_store_explicit(&span->local, to, memory_order_relaxed);
    span_list(to, span);
}

static void span_release(struct heap *heap, struct local *local, struct span *span) {
    span_unlist(local, span);
    segment_give_units(heap, segment_of(span), span_unit(span), 1);
}

void span_settle(struct heap *heap, struct local *local, struct span *span) {
    if (span->listed)
        span_release(heap, local, span);
    else
        span_relist(local, span);
}

bool span_claim(struct span *span, uint32_t index) {
    span_entry *place = &span->table[index];
    span_entry entry = __atomic_load_n(place, __ATOMIC_RELAXED);

    while (entry >= ENTRY_LIVE)
        if (__atomic_compare_exchange_n(place, &entry, ENTRY_NONE, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            return true;
    return false;
}

/* Whoever finds the mailbox empty may use its link: its last user emptied it after that. */
bool span_post(struct span *span, uint32_t index) {
    struct mailbox *mail = span_mail(span);
    uint32_t first = atomic_load_explicit(&mail->first, memory_order_relaxed);

    shadow_close(span_block(span, index), span->size);
    do {
        span->table[index] = (span_entry)(first);
    } while (!atomic_compare_exchange_weak_explicit(&mail->first, &first, index,
                                                    memory_order_acq_rel, memory_order_relaxed));
    return first == ENTRY_NONE;
}

void span_collect(struct heap *heap, struct local *local, struct span *span) {
    uint32_t index =
        atomic_exchange_explicit(&span_mail(span)->first, ENTRY_NONE, memory_order_acq_rel);

    while (index != ENTRY_NONE) {
        uint32_t next = span->table[index];
        if (span_put(span, index, span_block(span, index)))
            span_settle(heap, local, span);
        index = next;
    }
}

bool span_release_empty(struct heap *heap, struct local *local) {
    bool released = false;

    for (uint32_t i = 0; i < SIZECLASS_COUNT; i++) {
        struct span *span = local->current[i];
        while (span != &span_none) {
            struct span *next = span->next;
            if (span->until == (span == local->current[i]) && span != local->settling) {
                span_release(heap, local, span);
                released = true;
            }
            span = next;
        }
    }
    return released;
}
