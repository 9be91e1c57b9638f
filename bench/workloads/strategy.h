/*
 * A strategy: how a workload gets and releases memory. A kind of strategy is one header in
 * strategy/ whose inline functions every workload file is compiled against, once per kind, so that
 * no rival pays for an indirection that is not its own:
 *
 *   heap     function pointers from an engine library, called with (heap, flags, size)
 *   malloc   the C library's names, served by whatever is preloaded
 *   mi_heap  function pointers from libmimalloc, called with (heap, size)
 *   arena    a mapping whose blocks are cut off one after the other and go with it
 *   nop      no allocation at all: one static buffer, known to the compiler
 *   floor    a call through a function pointer that returns one static buffer
 */
#ifndef WORKLOADS_STRATEGY_H
#define WORKLOADS_STRATEGY_H

#include <stddef.h>
#include <winheap/heapapi.h>

/* The one list of kinds; CMakeLists.txt has it too, as it compiles each workload once per kind. */
#define STRATEGY_KINDS(X, argument)                                                                \
    X(heap, argument)                                                                              \
    X(malloc, argument) X(mi_heap, argument) X(arena, argument) X(nop, argument) X(floor, argument)

#define STRATEGY_ENUM(kind, unused) STRATEGY_##kind,
typedef enum strategy_kind { STRATEGY_KINDS(STRATEGY_ENUM, ) STRATEGY_KIND_COUNT } strategy_kind;

/* What only some strategies can do; a case that needs it is listed for those alone. */
enum {
    STRATEGY_IN_PLACE = 1,   /* grow a block where it is, or refuse */
    STRATEGY_REGIONS = 2,    /* release many blocks by destroying what they came from */
    STRATEGY_MEMORY = 4,     /* hand out real memory */
    STRATEGY_FREE = 8,       /* release a single block */
    STRATEGY_UNLIMITED = 16, /* hand out more than 256 MiB */
    STRATEGY_REMOTE = 32,    /* release a block on another thread than the one that got it */
    STRATEGY_SHARED = 64     /* allocate from one heap on any thread */
};

/* What becomes of the pages of destroyed heaps: the engine's default, the next heap's, the
 * system's.
 */
enum strategy_retention { RETENTION_DEFAULT, RETENTION_ALL, RETENTION_NONE };

typedef struct strategy_heap {
    HANDLE handle;
    LPVOID (*alloc)(HANDLE, DWORD, SIZE_T);
    LPVOID (*realloc)(HANDLE, DWORD, LPVOID, SIZE_T);
    BOOL (*free)(HANDLE, DWORD, LPVOID);
    HANDLE (*create)(DWORD, SIZE_T, SIZE_T);
    BOOL (*destroy)(HANDLE);
    SIZE_T (*compact)(HANDLE, DWORD); /* NULL where the engine has none */
    const char *(*engine)(void);
    DWORD options; /* what every heap of this strategy is created with */
    SIZE_T max;
    enum strategy_retention retention;
} strategy_heap;

typedef struct strategy_malloc {
    void (*compact)(void); /* NULL where the allocator has none that is known here */
} strategy_malloc;

typedef struct strategy_mi_heap {
    void *handle;
    void *(*alloc)(void *, size_t);
    void *(*zalloc)(void *, size_t);
    void *(*realloc)(void *, void *, size_t);
    void (*free)(void *);
    void *(*create)(void);
    void (*destroy)(void *);
    void (*collect)(void *, _Bool);
    int (*version)(void);
} strategy_mi_heap;

typedef struct strategy_arena {
    struct strategy_arena *self; /* the region's own, which a block's allocation moves on */
    unsigned char *next, *end;
} strategy_arena;

typedef struct strategy_floor {
    void *(*alloc)(void *, size_t);
    void (*free)(void *, void *);
} strategy_floor;

typedef struct strategy {
    const char *name;
    strategy_kind kind;
    unsigned abilities;
    union {
        strategy_heap heap;
        strategy_malloc malloc;
        strategy_mi_heap mi_heap;
        strategy_arena arena;
        strategy_floor floor;
    };
} strategy;

/* The largest block a workload asks for: the buffer of nop and floor is this large. */
#define STRATEGY_BUFFER_SIZE (2u << 20)
extern unsigned char strategy_buffer[STRATEGY_BUFFER_SIZE];

/* Where a strategy's library is, when its name alone does not say. */
typedef struct strategy_paths {
    const char *engine; /* --engine: the engine library of heap:NAME, or NULL */
    const char *malloc; /* --expect-malloc: the library that must serve malloc:NAME, or NULL */
} strategy_paths;

/* One line for the user. */
typedef struct strategy_error {
    char text[8192];
} strategy_error;

/*
 * Makes the named strategy ready for this process and puts what proves it into the output's
 * context. Returns 0; else -1 and the reason in *error.
 */
int strategy_open(strategy *s, const char *name, const strategy_paths *paths,
                  strategy_error *error);

/* Prints the strategies as TSV: strategy, profile, needs. */
void strategy_print_list(void);

/* What the named strategy can do; -1 for a name of no kind. Loads nothing. */
int strategy_abilities(const char *name);

#endif
