/* What looks at a heap as a whole: HeapWalk, HeapSummary, HeapCompact, and its information. */
#include "blocks.h"
#include "failure.h"
#include "guard.h"
#include "information.h"
#include "quota.h"
#include "registry.h"

static DWORD clip(size_t bytes) {
    return bytes < UINT32_MAX ? (DWORD)bytes : UINT32_MAX;
}

/* The adapter's header, the tail, and a byte of the block map for each 16 of the block's own. */
static BYTE overhead_of(const struct heap *heap, size_t size) {
    size_t bytes = adapter_header_bytes + heap->tail + quota_of(heap, size) / 16;
    return bytes < UINT8_MAX ? (BYTE)bytes : UINT8_MAX;
}

static bool entry_is_sound(const struct heap *heap, const PROCESS_HEAP_ENTRY *entry) {
    return !entry->lpData || (entry->wFlags == PROCESS_HEAP_ENTRY_BUSY &&
                              frame_block_size(heap, entry->lpData) != BLOCKS_NONE);
}

static DWORD entry_step(struct heap *heap, PROCESS_HEAP_ENTRY *entry) {
    if (!entry_is_sound(heap, entry)) {
        return ERROR_INVALID_PARAMETER;
    }
    void *block = adapter_next(heap, entry->lpData);
    if (!block) {
        return ERROR_NO_MORE_ITEMS;
    }
    size_t size = blocks_size(heap->owner, block);
    *entry = (PROCESS_HEAP_ENTRY){.lpData = block,
                                  .cbData = clip(size),
                                  .cbOverhead = overhead_of(heap, size),
                                  .wFlags = PROCESS_HEAP_ENTRY_BUSY};
    return ERROR_SUCCESS;
}

BOOL HeapWalk(HANDLE handle, LPPROCESS_HEAP_ENTRY entry) {
    struct heap *heap = registry_find(handle);
    if (!heap) {
        return failure_set(ERROR_INVALID_HANDLE);
    }
    if (!entry) {
        return failure_set(ERROR_INVALID_PARAMETER);
    }
    guard_enter(heap, heap->options);
    DWORD error = entry_step(heap, entry);
    guard_leave(heap, heap->options);
    return error == ERROR_SUCCESS ? TRUE : failure_set(error);
}

/* Allocators do not tell which pages are whose: what blocks take stands for what is committed. */
static void summarize(struct heap *heap, HEAP_SUMMARY *summary) {
    *summary = (HEAP_SUMMARY){.cb = sizeof *summary, .cbMaxReserve = heap->max};
    for (void *block = adapter_next(heap, NULL); block; block = adapter_next(heap, block)) {
        size_t size = blocks_size(heap->owner, block);
        summary->cbAllocated += size;
        summary->cbCommitted += quota_of(heap, size);
    }
    summary->cbReserved = summary->cbCommitted;
}

BOOL HeapSummary(HANDLE handle, DWORD flags, LPHEAP_SUMMARY summary) {
    struct heap *heap = registry_find(handle);
    if (!heap) {
        return failure_set(ERROR_INVALID_HANDLE);
    }
    if (flags != 0 || !summary || summary->cb != sizeof *summary) {
        return failure_set(ERROR_INVALID_PARAMETER);
    }
    guard_enter(heap, heap->options);
    summarize(heap, summary);
    guard_leave(heap, heap->options);
    return TRUE;
}

static size_t compact(struct heap *heap) {
    size_t room = heap->max ? heap->max - heap->used : SIZE_MAX;
    size_t largest = adapter_compact(heap);
    return largest < room ? largest : room;
}

SIZE_T HeapCompact(HANDLE handle, DWORD flags) {
    struct heap *heap = registry_find(handle);
    if (!heap) {
        failure_set(ERROR_INVALID_HANDLE);
        return 0;
    }
    flags |= heap->options;
    guard_enter(heap, flags);
    size_t largest = compact(heap);
    guard_leave(heap, flags);
    if (largest == 0) {
        failure_set(ERROR_SUCCESS);
    }
    return largest;
}

/* ---- common/information.h ---- */

_Atomic ULONG *information_front_end(HANDLE handle) {
    struct heap *heap = registry_find(handle);
    return heap ? &heap->front_end : NULL;
}

bool information_allows(HANDLE handle) {
    const struct heap *heap = registry_find(handle);
    return heap && !heap->max && !(heap->options & HEAP_NO_SERIALIZE);
}

static void compact_unless_locked(struct heap *heap) {
    if (!(heap->options & HEAP_NO_SERIALIZE) && guard_try(heap)) {
        compact(heap);
        guard_leave(heap, 0);
    }
}

void information_compact_all(void) {
    registry_each(compact_unless_locked);
}
