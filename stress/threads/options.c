#include "options.h"

#include "common/arguments.h"
#include "storm.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char HELP[] =
    "usage: heaplab-stress-threads [--engine NAME|PATH] [option ...]\n"
    "Threads that share one heap and each other's blocks; see the head of stress/threads.c.\n"
    "\n"
    "  --engine X     engine library: a path, or NAME of libwinheap-NAME.so in $WINHEAP_LIBDIR\n"
    "                 (default: $WINHEAP_ENGINE, else native)\n"
    "  --threads N    at a time, 2 to 8 (default: 4)\n"
    "  --seed N       what the threads draw; when they meet is the scheduler's (default: a fresh\n"
    "                 one, printed)\n"
    "  --ops N        stops after N operations\n"
    "  --seconds S    stops after S seconds (default: 10, when --ops is not given)\n"
    "  --live MIB     above this much live memory new blocks are small (default: 32)\n"
    "  --growth MIB   memory that the process may hold without a heap, above the most it held\n"
    "                 after the first three rounds (default: 64)\n"
    "  --json FILE    writes summary and time line\n"
    "  --progress     prints a line on stderr each second\n"
    "  --help         prints this\n"
    "\n"
    "Exit codes: 0 passed, 1 failed or wrong usage, 130 interrupted.\n";

static unsigned threads_parse(const char *text) {
    uint64_t threads = arguments_number("--threads", text);
    if (threads < 2 || threads > STORM_SEATS) {
        arguments_refuse("--threads", text, "2 to 8");
    }
    return (unsigned)threads;
}

static void option_apply(struct options *options, int option, const char *value) {
    switch (option) {
    case 'e':
        options->engine = value;
        break;
    case 'n':
        options->threads = threads_parse(value);
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
    case 'l':
        options->live_limit = arguments_mebibytes("--live", value);
        break;
    case 'g':
        options->growth = arguments_mebibytes("--growth", value);
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
                                          {"threads", required_argument, NULL, 'n'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"ops", required_argument, NULL, 'o'},
                                          {"seconds", required_argument, NULL, 't'},
                                          {"live", required_argument, NULL, 'l'},
                                          {"growth", required_argument, NULL, 'g'},
                                          {"json", required_argument, NULL, 'j'},
                                          {"progress", no_argument, NULL, 'p'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct options options = {.program = argv[0],
                              .engine = arguments_engine(),
                              .seed = arguments_seed(),
                              .threads = 4,
                              .live_limit = (size_t)32 << 20,
                              .growth = (size_t)64 << 20};
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

void options_print_command(const struct options *options) {
    printf("%s --engine %s --threads %u --seed %" PRIu64 " --live %zu --growth %zu",
           options->program, options->engine, options->threads, options->seed,
           options->live_limit >> 20, options->growth >> 20);
    if (options->ops) {
        printf(" --ops %" PRIu64, options->ops);
    }
    if (options->seconds > 0) {
        printf(" --seconds %g", options->seconds);
    }
    putchar('\n');
}
