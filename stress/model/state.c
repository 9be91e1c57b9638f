/* The model as a whole: how it begins, fails and ends. */
#include "state.h"

#include "audit.h"
#include "block.h"
#include "heap.h"
#include "misuse.h"

#include <stdarg.h>
#include <stdio.h>

struct model_exceptions model_exceptions;

static void exception_note(DWORD status) {
    model_exceptions.count++;
    model_exceptions.status = status;
}

void model_fail(struct model *model, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(model->failure, sizeof model->failure, format, arguments); // NOLINT: begun above
    va_end(arguments);
    siglongjmp(model->failed, 1);
}

void model_expect_error(struct model *model, const char *call, DWORD code) {
    DWORD error = model->engine.GetLastError();
    MODEL_CHECK(model, error == code, "%s: last error %u, expected %u", call, error, code);
    model->engine.SetLastError(MODEL_LAST_ERROR);
}

void model_open(struct model *model) {
    model->engine.winheap_set_exception_handler(exception_note);
    model->engine.SetLastError(MODEL_LAST_ERROR);
    model->random = random_seeded(model->seed, 0);
    heap_create(model);
}

/* One step in 8192 makes or destroys a heap, one audits one, one in 512 misuses one; the others are
 * a block's. */
void model_step(struct model *model) {
    model->random = random_seeded(model->seed, ++model->operation);
    uint64_t draw = random_next(&model->random) >> 51;
    if (draw == 0) {
        heap_step(model);
    } else if (draw <= 16) {
        misuse_step(model);
    } else if (draw == 17) {
        audit_step(model);
    } else {
        block_step(model);
    }
    DWORD error = model->engine.GetLastError();
    MODEL_CHECK(model, error == MODEL_LAST_ERROR, "a successful call set the last error to %u",
                error);
}

void model_close(struct model *model) {
    while (model->heap_count) {
        heap_verify(model, model->heaps[0]);
        heap_destroy(model, 0);
    }
}
