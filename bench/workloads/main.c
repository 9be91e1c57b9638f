/*
 * heaplab-bench: measures cases of the C workloads for one strategy, in this process.
 *
 *   heaplab-bench --list [--strategy=S]     the cases, as TSV: workload, params, mode, profile
 *   heaplab-bench --list-strategies         the strategies, as TSV: strategy, profile, needs
 *   heaplab-bench --strategy=S [--engine=PATH] [--expect-malloc=PATH]
 *                 --case=WORKLOAD/PARAMS … [--operations=N] [--benchmark_… …]
 *
 * --operations=N does exactly N operations of each case, once: for counting instructions, where
 * N and 2N operations differ by those of N alone.
 * Exit code 0, or 1 with one line on stderr.
 */
#include "strategy.h"
#include "workload.h"

#include <gbench.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table of workloads: workloads.def, once per strategy kind ---- */

#define DECLARE(kind, name) extern const workload workload_##name##_##kind;
#define WORKLOAD(name) STRATEGY_KINDS(DECLARE, name)
#include "workloads.def"
#undef WORKLOAD

#define POINTER(kind, name) [STRATEGY_##kind] = &workload_##name##_##kind,
#define WORKLOAD(name) {STRATEGY_KINDS(POINTER, name)},
static const workload *const workloads[][STRATEGY_KIND_COUNT] = {
#include "workloads.def"
};
#undef WORKLOAD

#define WORKLOAD_COUNT (sizeof workloads / sizeof workloads[0])

/* ---- options ---- */

typedef struct options {
    int list, list_strategies, help;
    const char *strategy;
    strategy_paths paths;
    int64_t operations; /* 0: what each case says */
    const char **cases; /* --case values, in order */
    size_t case_count;
} options;

static int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("heaplab-bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return 1;
}

/* The value when the argument is this option ("--case="), else NULL. */
static const char *value_of(const char *argument, const char *option) {
    size_t length = strlen(option);
    return strncmp(argument, option, length) == 0 ? argument + length : NULL;
}

/* -1 for what is no whole number from 1 on. */
static int64_t whole_number(const char *text) {
    char *end;
    errno = 0;
    int64_t n = strtoll(text, &end, 10);
    return errno || *end || n < 1 ? -1 : n;
}

static int take_option(options *o, const char *argument) {
    const char *value;
    if (strcmp(argument, "--list") == 0)
        o->list = 1;
    else if (strcmp(argument, "--list-strategies") == 0)
        o->list_strategies = 1;
    else if (strcmp(argument, "--help") == 0)
        o->help = 1;
    else if ((value = value_of(argument, "--strategy=")))
        o->strategy = value;
    else if ((value = value_of(argument, "--engine=")))
        o->paths.engine = value;
    else if ((value = value_of(argument, "--expect-malloc=")))
        o->paths.malloc = value;
    else if ((value = value_of(argument, "--operations=")))
        o->operations = whole_number(value);
    else if ((value = value_of(argument, "--case=")))
        o->cases[o->case_count++] = value;
    else
        return 0;
    return 1;
}

/* Takes our options out of argv; what remains is google-benchmark's. */
static void take_options(options *o, int *argc, char **argv) {
    int kept = 1;
    for (int i = 1; i < *argc; i++)
        if (!take_option(o, argv[i]))
            argv[kept++] = argv[i];
    argv[kept] = NULL;
    *argc = kept;
}

/* ---- lists ---- */

static int print_cases(const char *name) {
    static const char *const profiles[] = {"smoke", "quick", "nightly", "full"};
    int abilities = name ? strategy_abilities(name) : ~0;
    if (name && abilities < 0)
        return fail("unknown strategy '%s'; see --list-strategies", name);
    puts("workload\tparams\tmode\tprofile");
    for (size_t i = 0; i < WORKLOAD_COUNT; i++) {
        const workload *w = workloads[i][0];
        for (size_t j = 0; j < w->case_count; j++) {
            const workload_case *c = &w->cases[j];
            if (((w->needs | c->needs) & ~(unsigned)abilities) == 0)
                printf("%s\t%s\t%s\t%s\n", w->name, c->params, c->operations ? "alone" : "shared",
                       profiles[c->profile]);
        }
    }
    return 0;
}

/* ---- registration ---- */

static const workload *find_workload(const char *name, size_t length, strategy_kind kind) {
    for (size_t i = 0; i < WORKLOAD_COUNT; i++) {
        const workload *w = workloads[i][kind];
        if (strlen(w->name) == length && memcmp(w->name, name, length) == 0)
            return w;
    }
    return NULL;
}

static const workload_case *find_case(const workload *w, const char *params) {
    for (size_t i = 0; w && i < w->case_count; i++)
        if (strcmp(w->cases[i].params, params) == 0)
            return &w->cases[i];
    return NULL;
}

/* Such a case has its process for itself: all threads' time is its own. */
static int fix_operations(gbench_benchmark *b, int64_t operations) {
    int codes[] = {gbench_fixed_iterations(b, operations), gbench_repetitions(b, 1),
                   gbench_process_time(b), gbench_real_time(b)};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i] != GBENCH_OK)
            return codes[i];
    return GBENCH_OK;
}

static int register_case(const workload *w, workload_run *run, int64_t operations) {
    char key[512];
    gbench_benchmark *b;
    const workload_case *c = run->which;
    int length =
        snprintf(key, sizeof key, "c/%s/strategy=%s/%s", w->name, run->strategy->name, c->params);
    if (length < 0 || (size_t)length >= sizeof key)
        return fail("the strategy's name is too long");
    if (gbench_register(key, w->run, run, &b) != GBENCH_OK ||
        gbench_setup(b, w->setup) != GBENCH_OK || gbench_teardown(b, w->teardown) != GBENCH_OK)
        return fail("%s", gbench_error());
    if (!operations)
        operations = c->operations;
    if (operations && fix_operations(b, operations) != GBENCH_OK)
        return fail("%s", gbench_error());
    return 0;
}

/* Registers WORKLOAD/PARAMS; *run must live until the end. */
static int register_key(const char *key, const strategy *s, workload_run *run, int64_t operations) {
    const char *slash = strchr(key, '/');
    size_t length = slash ? (size_t)(slash - key) : strlen(key);
    const workload *w = find_workload(key, length, s->kind);
    *run = (workload_run){s, find_case(w, slash ? slash + 1 : "")};
    if (!run->which)
        return fail("unknown case '%s'; see --list", key);
    if ((w->needs | run->which->needs) & ~s->abilities)
        return fail("%s cannot run %s; see --list --strategy=%s", s->name, key, s->name);
    return register_case(w, run, operations);
}

static int register_all(const options *o, const strategy *s, workload_run *runs) {
    for (size_t i = 0; i < o->case_count; i++)
        if (register_key(o->cases[i], s, &runs[i], o->operations) != 0)
            return 1;
    return 0;
}

/* ---- the run ---- */

static int open_strategy(const options *o, strategy *s) {
    strategy_error error;
    if (!o->strategy)
        return fail("--strategy is missing; see --list-strategies");
    if (o->case_count == 0)
        return fail("--case is missing; see --list");
    if (o->operations < 0)
        return fail("--operations needs a whole number from 1 on");
    if (strategy_open(s, o->strategy, &o->paths, &error) != 0)
        return fail("%s", error.text);
    if (gbench_context("heaplab_caller", "c") != GBENCH_OK ||
        gbench_context("heaplab_strategy", o->strategy) != GBENCH_OK)
        return fail("%s", gbench_error());
    return 0;
}

static int measure(const options *o, workload_run *runs, int *argc, char **argv) {
    static strategy s;
    if (gbench_initialize(argc, argv) != GBENCH_OK)
        return fail("%s", gbench_error());
    if (*argc > 1)
        return fail("unknown argument '%s'; see --help", argv[1]);
    if (open_strategy(o, &s) != 0 || register_all(o, &s, runs) != 0)
        return 1;
    int64_t count = gbench_run();
    if (count < 0)
        return fail("%s", gbench_error());
    gbench_shutdown();
    return count == 0; /* the library has said on stderr that its filter matches nothing */
}

static int print_help(void) {
    puts("usage: heaplab-bench --list [--strategy=S]\n"
         "       heaplab-bench --list-strategies\n"
         "       heaplab-bench --strategy=S [--engine=PATH] [--expect-malloc=PATH]\n"
         "                     --case=WORKLOAD/PARAMS ... [--operations=N] [--benchmark_...]\n"
         "Measures cases of the C workloads for one strategy; the --benchmark_ options are\n"
         "google-benchmark's. heap:NAME loads --engine, or libwinheap-NAME.so from\n"
         "$WINHEAP_LIBDIR; malloc:NAME must be preloaded, and is checked. --operations=N does\n"
         "exactly N operations of each case, once.");
    return 0;
}

static int act(options *o, workload_run *runs, int argc, char **argv) {
    take_options(o, &argc, argv);
    if (o->help)
        return print_help();
    if (o->list_strategies) {
        strategy_print_list();
        return 0;
    }
    return o->list ? print_cases(o->strategy) : measure(o, runs, &argc, argv);
}

int main(int argc, char **argv) {
    options o = {.cases = calloc((size_t)argc, sizeof *o.cases)};
    workload_run *runs = calloc((size_t)argc, sizeof *runs);
    int code = o.cases && runs ? act(&o, runs, argc, argv) : fail("out of memory");
    free(runs);
    free(o.cases);
    return code;
}
