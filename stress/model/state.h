/*
 * What the model knows of the engine: its heaps, the blocks in each, what every byte must be.
 *
 * A step is one random operation with all its checks. Its random numbers come from the seed and its
 * number alone: where an engine may answer as it likes (in place or not), runs differ in that block
 * and not in all that follows. The first wrong answer ends the run:
 * model_fail jumps back to whoever called sigsetjmp on model->failed.
 */
#ifndef STRESS_STATE_H
#define STRESS_STATE_H

#include "common/engine.h"
#include "common/random.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MODEL_HEAPS = 12,  /* at once, beside the process heap */
    MODEL_SLOTS = 1024 /* places for a block in each; about two thirds are taken */
};

/* The last error before each step: what succeeds must leave it alone. */
#define MODEL_LAST_ERROR 0x5EED5EEDu

/* A place for a block; data NULL: free. Its key is new with every filling (stamp.h). */
struct slot {
    unsigned char *data;
    size_t size;
    uint64_t key;
};

struct model_heap {
    HANDLE handle;
    DWORD options;
    size_t max; /* as rounded up by the engine; 0: none */
    size_t live, live_bytes;
    struct slot slots[MODEL_SLOTS];
};

/* What heaps are created with; random: each option and a maximum on coins of their own. */
enum heap_set {
    HEAPS_RANDOM,
    HEAPS_GROWABLE,
    HEAPS_FIXED,
    HEAPS_NO_SERIALIZE,
    HEAPS_FIXED_NO_SERIALIZE,
    HEAPS_ZERO
};

enum sizes { SIZES_SMALL, SIZES_MIXED, SIZES_LARGE };

struct model {
    struct engine engine;
    uint64_t seed;
    struct random random; /* of this step */
    enum sizes sizes;
    enum heap_set heap_set;
    size_t live_limit;  /* bytes: above, only small blocks are made */
    uint64_t operation; /* number of the step being done, from 1 */
    uint64_t keys;      /* given out so far */
    size_t live_bytes, peak_live_bytes;
    size_t heap_count;
    struct model_heap *heaps[MODEL_HEAPS]; /* in order of creation */
    struct model_heap *spare;              /* keeps a destroyed heap's memory for the next */
    char failure[320];
    sigjmp_buf failed;
};

/* Prepares the exception handler and the first heap. The model must be zero but for engine, seed,
 * sizes and live_limit. */
void model_open(struct model *model);

/* Does the next operation. */
void model_step(struct model *model);

/* Checks every block and destroys every heap. */
void model_close(struct model *model);

/* Ends the run with what is wrong, as printf says it. */
_Noreturn __attribute__((format(printf, 2, 3))) void model_fail(struct model *model,
                                                                const char *format, ...);

#define MODEL_CHECK(model, condition, ...)                                                         \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            model_fail(model, __VA_ARGS__);                                                        \
    } while (0)

/* A call has failed as it should: the last error must be code; it is reset. */
void model_expect_error(struct model *model, const char *call, DWORD code);

/* The number of exceptions the engine has raised so far, and the last one's status. */
struct model_exceptions {
    uint64_t count;
    DWORD status;
};
extern struct model_exceptions model_exceptions;

#endif
