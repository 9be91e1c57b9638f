/*
 * Every known difference between an engine and the contract, one line each. The engine's file says
 * it to its users; here it is checked: a line that is no longer true fails its test.
 */
#include "engine.h"

const struct engine_difference engine_differences[] = {
    /* engine, promise, reason */
    {"malloc", "create.initial_is_committed", "glibc has no heap to commit pages for"},
    {"mimalloc", "create.initial_is_committed", "no call commits pages for a heap"},
    {"jemalloc", "create.initial_is_committed", "no call commits pages for an arena"},
    {"malloc", "create.initial_beyond_the_machine_is_refused", "initial is not committed"},
    {"mimalloc", "create.initial_beyond_the_machine_is_refused", "initial is not committed"},
    {"jemalloc", "create.initial_beyond_the_machine_is_refused", "initial is not committed"},
    {"malloc", "create.max_is_reserved", "the maximum is a count of bytes"},
    {"mimalloc", "create.max_is_reserved", "the maximum is a count of bytes"},
    {"jemalloc", "create.max_is_reserved", "the maximum is a count of bytes"},
    {"malloc", "alloc.large_64_aligned", "the chunk's header and ours take 48 bytes"},
    {"malloc", "realloc.shrunk_pages_go_back", "no call shrinks a chunk and keeps it in place"},
    {"mimalloc", "realloc.shrunk_pages_go_back", "no call shrinks a block and keeps it in place"},
    {"jemalloc", "realloc.shrunk_pages_go_back", "they do after the decay time, 10 s"},
    {"malloc", "validate.sees_a_damaged_link", "no call checks glibc's free lists"},
    {"mimalloc", "validate.sees_a_damaged_link", "no call checks mimalloc's free lists"},
    {"jemalloc", "validate.sees_a_damaged_link", "no call checks jemalloc's caches"},
    {"", "", "ends the table: C has no empty arrays"},
};
const size_t engine_difference_count = sizeof engine_differences / sizeof engine_differences[0] - 1;
