#include "early.h"
#include "family.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define EARLY_API __attribute__((visibility("default")))

static char *block;   /* of the constructor */
static char *kept;    /* by the handler before a fork for the one after */
static char *lasting; /* freed by the destructor, when the program has ended */
static int forks;

static void early_before_fork(void) {
    kept = family.malloc(1000);
    memset(kept, 'f', 1000);
}

static void early_after_fork(void) {
    kept = family.realloc(kept, 100000);
    forks += kept[999] == 'f';
    family.free(kept);
}

/* The handlers come first: those of an earlier library run while later ones hold their locks. */
__attribute__((constructor)) static void early_start(void) {
    pthread_atfork(early_before_fork, early_after_fork, early_after_fork);
    block = family.malloc(100);
    memset(block, 'e', 100);
    lasting = family.calloc(3, 1000000);
}

__attribute__((destructor)) static void early_end(void) {
    family.free(lasting);
}

EARLY_API char *early_take(void) {
    char *taken = block;

    block = NULL;
    return taken;
}

EARLY_API int early_forks(void) {
    return forks;
}
