#include "options.h"

#include "common/arguments.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const SIZES[] = {"small", "mixed", "large", NULL};

static const char *const HEAPS[] = {
    "random", "growable", "fixed", "no_serialize", "fixed_no_serialize", "zero", NULL};
static const char HEAPS_VALID[] =
    "random, growable, fixed, no_serialize, fixed_no_serialize or zero";

static const char HELP[] =
    "usage: heaplab-stress-model [--engine NAME|PATH] [option ...]\n"
    "Random heap operations, checked against a model; see the head of stress/model.c.\n"
    "\n"
    "  --engine X     engine library: a path, or NAME of libwinheap-NAME.so in $WINHEAP_LIBDIR\n"
    "                 (default: $WINHEAP_ENGINE, else native)\n"
    "  --seed N       repeats the run of that seed (default: a fresh one, printed)\n"
    "  --ops N        stops after N operations\n"
    "  --seconds S    stops after S seconds (default: 10, when --ops is not given)\n"
    "  --sizes MIX    small (16 to 256 B), mixed (0 to 4 MiB) or large (4 KiB to 4 MiB);\n"
    "                 default: mixed\n"
    "  --heaps SET    what all heaps are created with: growable, fixed (a maximum of 64 KiB to\n"
    "                 16 MiB), no_serialize, fixed_no_serialize or zero; default: random, each\n"
    "                 heap with its own\n"
    "  --live MIB     above this much live memory new blocks are small (default: 64)\n"
    "  --json FILE    writes summary and time line\n"
    "  --progress     prints a line on stderr each second\n"
    "  --help         prints this\n"
    "\n"
    "Exit codes: 0 passed, 1 failed or wrong usage, 130 interrupted.\n";

static struct options options_default(const char *program) {
    return (struct options){.program = program,
                            .engine = arguments_engine(),
                            .seed = arguments_seed(),
                            .sizes = SIZES_MIXED,
                            .live_limit = (size_t)64 << 20};
}

static void option_apply(struct options *options, int option, const char *value) {
    switch (option) {
    case 'e':
        options->engine = value;
        break;
    case 's':
        options->seed = arguments_number("--seed", value);
        break;
    case 'o':
        options->ops = arguments_number("--ops", value);
        break;
    case 't':
        options->seconds = arguments_seconds("--seconds", value);
        break;
    case 'z':
        options->sizes =
            (enum sizes)arguments_word("--sizes", value, SIZES, "small, mixed or large");
        break;
    case 'm':
        options->heap_set = (enum heap_set)arguments_word("--heaps", value, HEAPS, HEAPS_VALID);
        break;
    case 'l':
        options->live_limit = arguments_mebibytes("--live", value);
        break;
    case 'j':
        options->json = value;
        break;
    case 'p':
        options->progress = true;
        break;
    case 'h':
        fputs(HELP, stdout);
        exit(0);
    default:
        exit(1); // getopt has said what is wrong
    }
}

struct options options_parse(int argc, char **argv) {
    static const struct option NAMES[] = {{"engine", required_argument, NULL, 'e'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"ops", required_argument, NULL, 'o'},
                                          {"seconds", required_argument, NULL, 't'},
                                          {"sizes", required_argument, NULL, 'z'},
                                          {"heaps", required_argument, NULL, 'm'},
                                          {"live", required_argument, NULL, 'l'},
                                          {"json", required_argument, NULL, 'j'},
                                          {"progress", no_argument, NULL, 'p'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct options options = options_default(argv[0]);
    for (int option = 0; (option = getopt_long(argc, argv, "", NAMES, NULL)) != -1;) {
        option_apply(&options, option, optarg);
    }
    if (optind < argc) {
        arguments_refuse("argument", argv[optind], "options only, see --help");
    }
    if (!options.ops && options.seconds == 0) {
        options.seconds = 10;
    }
    return options;
}

void options_print_command(const struct options *options, uint64_t operation) {
    printf("%s --engine %s --seed %" PRIu64 " --ops %" PRIu64 " --sizes %s --heaps %s --live %zu\n",
           options->program, options->engine, options->seed, operation, SIZES[options->sizes],
           HEAPS[options->heap_set], options->live_limit >> 20);
}
