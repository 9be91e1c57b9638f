/*
 * What a measuring process can prove about itself: which library serves a symbol, its peak memory,
 * its page faults. Nothing here allocates, so that asking does not disturb what is measured.
 */
#ifndef GBENCH_PROVENANCE_H
#define GBENCH_PROVENANCE_H

#include <limits.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GBENCH_API __attribute__((visibility("default")))

typedef struct gbench_library {
    char path[PATH_MAX]; /* absolute, links resolved where the file still exists */
    char build_id[129];  /* the GNU build id in hex; "" when the file has none */
} gbench_library;

/* The library (or program) whose mapping holds this address. 0, or -1 when none does. */
GBENCH_API int gbench_library_of_address(const void *address, gbench_library *library);

/* The library that serves this symbol to the whole process. 0, or -1 when none does. */
GBENCH_API int gbench_library_of_symbol(const char *symbol, gbench_library *library);

/* Peak resident size of this process in bytes (VmHWM); -1 when /proc does not tell. */
GBENCH_API int64_t gbench_vm_hwm(void);

/* Page faults of the calling thread so far that needed no input or output. */
GBENCH_API int64_t gbench_minor_faults(void);

#ifdef __cplusplus
}
#endif

#endif
