/* What looks at a heap as a whole: HeapWalk, HeapSummary, HeapCompact, HeapLock. */
#include "cache.h"
#include "debug.h"
#include "element.h"
#include "pages.h"
#include "registry.h"
#include "segment.h"

#include "failure.h"
#include "information.h"

static DWORD clip(size_t bytes) {
    return bytes < UINT32_MAX ? (DWORD)bytes : UINT32_MAX;
}

/* ---- HeapWalk ---- */

/* A block's entry in its side table, or a descriptor of its own; and its tail. */
static BYTE overhead_of(const struct heap *heap, const struct element *element) {
    size_t bytes = 0;

    if (element->block)
        bytes = owner_span(element->start)->kind == SPAN_BLOCKS ? sizeof(span_entry)
                                                                : sizeof(struct span);
    return (BYTE)(element->flags == PROCESS_HEAP_ENTRY_BUSY ? bytes + debug_tail(heap) : bytes);
}

static size_t region_committed(struct segment *segment) {
    size_t pages = 0;

    if (segment->span[0].kind == SPAN_LARGE)
        return segment->bytes;
    for (uint32_t unit = SEGMENT_META_UNITS; unit < SEGMENT_UNITS; unit++)
        pages += segment->touched[unit];
    return pages * PAGE_BYTES;
}

static void entry_describe_region(PROCESS_HEAP_ENTRY *entry, const struct element *element) {
    size_t committed = region_committed(segment_of(element->start));

    entry->Region.dwCommittedSize = clip(committed);
    entry->Region.dwUnCommittedSize = clip(element->bytes - committed);
    entry->Region.lpFirstBlock = element->start + element->extent;
    entry->Region.lpLastBlock = element->start + element->bytes;
}

static void entry_fill(const struct heap *heap, PROCESS_HEAP_ENTRY *entry,
                       const struct element *element, unsigned region) {
    *entry = (PROCESS_HEAP_ENTRY){.lpData = element->start,
                                  .cbData = clip(element->bytes),
                                  .cbOverhead = overhead_of(heap, element),
                                  .iRegionIndex = (BYTE)region,
                                  .wFlags = element->flags};
    if (element->flags == PROCESS_HEAP_REGION)
        entry_describe_region(entry, element);
}

static DWORD walk_step(const struct heap *heap, PROCESS_HEAP_ENTRY *entry) {
    unsigned region = entry->iRegionIndex;
    struct element element;
    bool more;

    if (entry->lpData == NULL) {
        region = 0;
        more = element_first(heap, &element);
    } else if (!element_find(heap, entry->lpData, entry->wFlags, &element)) {
        return ERROR_INVALID_PARAMETER;
    } else {
        more = element_next(heap, &element);
        region += more && element.flags == PROCESS_HEAP_REGION;
    }
    if (!more)
        return ERROR_NO_MORE_ITEMS;
    entry_fill(heap, entry, &element, region);
    return ERROR_SUCCESS;
}

BOOL HeapWalk(HANDLE handle, LPPROCESS_HEAP_ENTRY entry) {
    struct heap *heap = registry_find(handle);
    DWORD error;

    if (heap == NULL)
        return failure_set(ERROR_INVALID_HANDLE);
    if (entry == NULL)
        return failure_set(ERROR_INVALID_PARAMETER);
    heap_exclude(heap);
    error = walk_step(heap, entry);
    heap_readmit(heap);
    return error == ERROR_SUCCESS ? TRUE : failure_set(error);
}

/* ---- HeapSummary ---- */

static size_t reserved_bytes(const struct heap *heap) {
    size_t bytes = heap->reserve_bytes - heap->reserve_used + heap->spares * SEGMENT_BYTES;

    for (const struct segment *segment = heap->large; segment != NULL; segment = segment->next)
        bytes += segment->bytes;
    return bytes + heap->segments * SEGMENT_BYTES;
}

static void summarize(const struct heap *heap, HEAP_SUMMARY *summary) {
    struct element element;

    *summary =
        (HEAP_SUMMARY){.cb = sizeof *summary,
                       .cbCommitted = heap->committed * PAGE_BYTES,
                       .cbReserved = reserved_bytes(heap),
                       .cbMaxReserve = heap->limit == SIZE_MAX ? 0 : heap->limit * PAGE_BYTES};
    for (bool more = element_first(heap, &element); more; more = element_next(heap, &element))
        if (element.flags == PROCESS_HEAP_ENTRY_BUSY)
            summary->cbAllocated += element.bytes;
}

BOOL HeapSummary(HANDLE handle, DWORD flags, LPHEAP_SUMMARY summary) {
    struct heap *heap = registry_find(handle);

    if (heap == NULL)
        return failure_set(ERROR_INVALID_HANDLE);
    if (flags != 0 || summary == NULL || summary->cb != sizeof *summary)
        return failure_set(ERROR_INVALID_PARAMETER);
    heap_exclude(heap);
    summarize(heap, summary);
    heap_readmit(heap);
    return TRUE;
}

/* ---- HeapCompact ---- */

static size_t largest_free_block(const struct heap *heap) {
    struct element element;
    size_t largest = 0;

    for (bool more = element_first(heap, &element); more; more = element_next(heap, &element))
        if (element.block && element.flags == 0 && element.bytes > largest)
            largest = element.bytes;
    return largest > debug_tail(heap) ? largest - debug_tail(heap) : 0;
}

static size_t compact(struct heap *heap) {
    heap_release_unused(heap);
    segment_release_spares(heap);
    cache_release(); /* where segments that this heap has emptied may be */
    return largest_free_block(heap);
}

SIZE_T HeapCompact(HANDLE handle, DWORD flags) {
    struct heap *heap = registry_find(handle);
    size_t largest;

    (void)flags;
    if (heap == NULL) {
        failure_set(ERROR_INVALID_HANDLE);
        return 0;
    }
    heap_exclude(heap);
    largest = compact(heap);
    heap_readmit(heap);
    if (largest == 0)
        failure_set(ERROR_SUCCESS);
    return largest;
}

/* ---- HeapLock ---- */

BOOL HeapLock(HANDLE handle) {
    struct heap *heap = registry_find(handle);

    if (heap == NULL)
        return failure_set(ERROR_INVALID_HANDLE);
    if ((heap->options & HEAP_NO_SERIALIZE) == 0)
        heap_exclude(heap);
    return TRUE;
}

BOOL HeapUnlock(HANDLE handle) {
    struct heap *heap = registry_find(handle);

    if (heap == NULL)
        return failure_set(ERROR_INVALID_HANDLE);
    if ((heap->options & HEAP_NO_SERIALIZE) != 0)
        return TRUE;
    if (!heap_is_held(heap))
        return failure_set(ERROR_NOT_LOCKED);
    heap_readmit(heap);
    return TRUE;
}

/* ---- common/information.h ---- */

_Atomic ULONG *information_front_end(HANDLE handle) {
    struct heap *heap = registry_find(handle);

    return heap != NULL ? &heap->front_end : NULL;
}

bool information_allows(HANDLE handle) {
    const struct heap *heap = registry_find(handle);

    return heap != NULL && heap->limit == SIZE_MAX && (heap->options & HEAP_NO_SERIALIZE) == 0;
}

static void compact_unless_locked(struct heap *heap) {
    if ((heap->options & HEAP_NO_SERIALIZE) != 0 || !heap_try_lock(heap))
        return;
    heap_exclude(heap);
    compact(heap);
    heap_readmit(heap);
    heap_unlock(heap);
}

void information_compact_all(void) {
    registry_each(compact_unless_locked);
}
