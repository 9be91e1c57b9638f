#include "audit.h"

#include "block.h"

static void summary_check(struct model *model, struct model_heap *heap) {
    HEAP_SUMMARY summary = {.cb = sizeof summary};
    MODEL_CHECK(model, model->engine.HeapSummary(heap->handle, 0, &summary),
                "HeapSummary: last error %u", model->engine.GetLastError());
    MODEL_CHECK(model, summary.cbAllocated == heap->live_bytes,
                "HeapSummary: %zu bytes allocated, expected %zu", summary.cbAllocated,
                heap->live_bytes);
    MODEL_CHECK(model, !heap->max || summary.cbCommitted <= heap->max,
                "HeapSummary: %zu bytes committed of at most %zu", summary.cbCommitted, heap->max);
}

static void walk_check(struct model *model, struct model_heap *heap) {
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    size_t blocks = 0;
    size_t bytes = 0;
    while (model->engine.HeapWalk(heap->handle, &entry)) {
        if (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) {
            blocks++;
            bytes += entry.cbData;
        }
    }
    model_expect_error(model, "HeapWalk", ERROR_NO_MORE_ITEMS);
    MODEL_CHECK(model, blocks == heap->live && bytes == heap->live_bytes,
                "HeapWalk: %zu blocks of %zu bytes, expected %zu of %zu", blocks, bytes, heap->live,
                heap->live_bytes);
}

void audit_step(struct model *model) {
    struct model_heap *heap = block_any_heap(model);
    MODEL_CHECK(model, model->engine.HeapValidate(heap->handle, 0, NULL),
                "HeapValidate: FALSE for a sound heap");
    if (model->engine.HeapSummary) {
        summary_check(model, heap);
    }
    if (model->engine.HeapWalk) {
        walk_check(model, heap);
    }
}
