/*
 * The shim itself, and the project's only C++: google-benchmark's classes behind the C functions of
 * gbench.h. Order: errors, one run of a benchmark, the benchmark, the reporter, the C functions.
 */
#include "gbench.h"
#include "provenance.h"

#include <benchmark/benchmark.h>

#include <cerrno>
#include <cmath>
#include <condition_variable>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

/* ---- errors ---- */

thread_local char error_message[512];

[[gnu::format(printf, 2, 3)]] int fail(int code, const char *format, ...) noexcept {
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(error_message, sizeof error_message, format, arguments);
    va_end(arguments);
    return code;
}

/* Runs a function that returns a code and turns what it throws into one. */
template <class Function>
auto guarded(Function function) noexcept -> decltype(function()) {
    try {
        return function();
    } catch (const std::bad_alloc &) {
        return fail(GBENCH_NO_MEMORY, "out of memory");
    } catch (const std::exception &e) {
        return fail(GBENCH_FAILED, "%s", e.what());
    } catch (...) {
        return fail(GBENCH_FAILED, "an exception of unknown type");
    }
}

bool is_word(const char *text) {
    if (!text || !*text)
        return false;
    for (; *text; text++)
        if (static_cast<unsigned char>(*text) <= ' ' || *text == '\x7f')
            return false;
    return true;
}

/* ---- one run of a benchmark on one thread ---- */

enum class Phase { before, running, paused, finished, skipped };

const char *const automatic_counters[] = {"vm_hwm", "minor_faults", "operations"};

/*
 * Hands out the library's iterations from a plain count. All but the last are taken at once, so
 * that the loop calls nothing; the last stays with the library, which can count what a batch does
 * beyond the plan only while it has an iteration left.
 */
struct Run final : gbench_state {
    benchmark::State &state;
    const std::string key;
    const size_t arg_count;
    const bool manual_time;
    Phase phase = Phase::before;
    int64_t held = 0; /* iterations in `remaining` that the library has not given out yet */
    int64_t faults = 0;
    bool timed = false;

    Run(benchmark::State &s, std::string k, size_t args, bool manual)
        : gbench_state{0}, state(s), key(std::move(k)), arg_count(args), manual_time(manual) {
    }

    int64_t begun() const {
        return state.iterations() + held - remaining;
    }

    void skip(const char *message) {
        state.SkipWithError(message);
        phase = Phase::skipped;
        remaining = 0;
    }

    bool begin(int64_t n) {
        faults = gbench_minor_faults();
        phase = Phase::running;
        if (state.max_iterations == 1)
            return state.KeepRunningBatch(n);
        state.KeepRunningBatch(state.max_iterations - 1);
        held = 1;
        remaining = state.max_iterations;
        return take(n);
    }

    bool take(int64_t n) {
        if (remaining >= n) {
            remaining -= n;
            return true;
        }
        if (remaining == 0)
            return finish();
        state.KeepRunningBatch(held + n - remaining);
        held = remaining = 0;
        return true;
    }

    bool finish() {
        if (held)
            state.KeepRunningBatch(held);
        held = 0;
        state.KeepRunningBatch(1); /* nothing left: stops the clock, waits for the threads */
        faults = gbench_minor_faults() - faults;
        phase = Phase::finished;
        return false;
    }

    bool refill(int64_t n) {
        if (n < 1)
            skip("a batch has at least one iteration");
        else if (phase == Phase::paused)
            skip("the loop's body left the clock stopped");
        else if (phase == Phase::before)
            return begin(n);
        return phase == Phase::running && take(n);
    }

    /* After the function has returned: what it left undone, else the automatic counters. */
    void conclude() {
        if (phase != Phase::finished && phase != Phase::skipped)
            skip("the function returned before its loop had ended");
        else if (phase == Phase::finished && manual_time && !timed)
            skip("the benchmark has manual time, and no iteration time was set");
        if (phase == Phase::skipped)
            return;
        state.counters["operations"] = static_cast<double>(state.iterations());
        state.counters["minor_faults"] = static_cast<double>(faults);
        const int64_t peak = gbench_vm_hwm();
        if (state.thread_index() == 0 && peak >= 0)
            state.counters["vm_hwm"] = static_cast<double>(peak);
    }
};

Run &run_of(gbench_state *state) {
    return *static_cast<Run *>(state);
}

const Run &run_of(const gbench_state *state) {
    return *static_cast<const Run *>(state);
}

/* Keeps the other threads out until thread 0 has set up, and thread 0 in until they have left. */
class Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false, usable = false;
    int left = 0;

  public:
    void let_in(bool setup_succeeded) {
        std::lock_guard<std::mutex> lock(mutex);
        open = true;
        usable = setup_succeeded;
        changed.notify_all();
    }

    /* Whether the function may run. */
    bool enter() {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock, [this] { return open; });
        return usable;
    }

    void leave() {
        std::lock_guard<std::mutex> lock(mutex);
        left++;
        changed.notify_all();
    }

    void wait_for(int others) {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock, [&] { return left == others; });
        open = false;
        left = 0;
    }
};

} // namespace

/* ---- a registered benchmark ---- */

struct gbench_benchmark final : benchmark::internal::Benchmark {
    const std::string key;
    const gbench_function function;
    void *const data;
    gbench_function setup = nullptr, teardown = nullptr;
    std::vector<std::string> arg_names;
    size_t arg_count = 0;
    bool fixed_iterations = false, own_min_time = false, manual_time = false, real_time = false;
    Gate gate;

    gbench_benchmark(const char *k, gbench_function f, void *d)
        : Benchmark(k), key(k), function(f), data(d) {
    }

    std::string instance_key(const benchmark::State &state) const {
        std::string text = key;
        for (size_t i = 0; i < arg_count; i++) {
            text += "/" + (i < arg_names.size() ? arg_names[i] : "arg" + std::to_string(i));
            text += "=" + std::to_string(state.range(i));
        }
        if (state.threads() > 1)
            text += "/threads=" + std::to_string(state.threads());
        return text;
    }

    void Run(benchmark::State &state) override {
        ::Run run(state, instance_key(state), arg_count, manual_time);
        if (state.thread_index() == 0)
            run_first(run);
        else
            run_other(run);
    }

    void run_first(::Run &run) {
        run.state.SetLabel(run.key);
        if (setup)
            setup(&run, data);
        const bool ready = run.phase == Phase::before;
        if (!ready && run.phase != Phase::skipped)
            run.skip("the setup function ran the loop");
        gate.let_in(ready);
        if (ready)
            function(&run, data);
        run.conclude();
        gate.wait_for(run.state.threads() - 1);
        if (teardown)
            teardown(&run, data);
    }

    void run_other(::Run &run) {
        if (gate.enter()) {
            function(&run, data);
            run.conclude();
        } else {
            run.skip("setup skipped the run");
        }
        gate.leave();
    }
};

namespace {

/* ---- output ---- */

/* Reports through another reporter, with keys for names and nothing that JSON cannot hold. */
class Reporter final : public benchmark::BenchmarkReporter {
    benchmark::BenchmarkReporter &inner;
    std::map<std::string, std::string> keys; /* by the library's name */
    bool failed = false;

    static bool is_finite(const Run &run) {
        return std::isfinite(run.real_accumulated_time) && std::isfinite(run.cpu_accumulated_time);
    }

    /* An aggregate of runs whose labels differ has none: then the key is the one of those runs. */
    Run tidy(Run run) {
        std::string &key = keys[run.run_name.str()];
        if (!run.report_label.empty())
            key = run.report_label.substr(0, run.report_label.find(' '));
        else
            run.report_label = key;
        run.run_name = benchmark::BenchmarkName();
        run.run_name.function_name = key;
        for (auto i = run.counters.begin(); i != run.counters.end();)
            i = std::isfinite(i->second.value) ? std::next(i) : run.counters.erase(i);
        return run;
    }

  public:
    explicit Reporter(benchmark::BenchmarkReporter &r) : inner(r) {
    }

    bool has_failed() const {
        return failed;
    }

    bool ReportContext(const Context &context) override {
        inner.SetOutputStream(&GetOutputStream());
        inner.SetErrorStream(&GetErrorStream());
        return inner.ReportContext(context);
    }

    /* A coefficient of variation of zeros has no value: such an aggregate is left out. */
    void ReportRuns(const std::vector<Run> &runs) override {
        std::vector<Run> tidied;
        for (const Run &run : runs)
            if (is_finite(run))
                tidied.push_back(tidy(run));
        if (!tidied.empty())
            inner.ReportRuns(tidied);
    }

    void Finalize() override {
        inner.Finalize();
        failed = !GetOutputStream().flush();
    }
};

/* What the library keeps per process, we must too. */
struct Process {
    bool running = false, has_run = false;
    std::string out; /* --benchmark_out, "" without */
    bool out_is_json = true;
    std::map<std::string, std::string> context;
    std::vector<std::unique_ptr<gbench_benchmark>> waiting; /* for the next run */
    std::set<std::string> keys;
};

Process &process() {
    static Process instance;
    return instance;
}

const char *option_value(const char *argument, const char *option) {
    const size_t length = std::strlen(option);
    return std::strncmp(argument, option, length) == 0 ? argument + length : nullptr;
}

void note_output(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (const char *file = option_value(argv[i], "--benchmark_out="))
            process().out = file;
        if (const char *format = option_value(argv[i], "--benchmark_out_format="))
            process().out_is_json = std::strcmp(format, "json") == 0;
    }
}

void add_provenance() {
    gbench_library library;
    if (gbench_library_of_symbol("malloc", &library) == 0) {
        process().context["heaplab_malloc_path"] = library.path;
        process().context["heaplab_malloc_build_id"] = library.build_id;
    }
    if (gbench_library_of_address(reinterpret_cast<const void *>(&benchmark::Shutdown), &library) ==
        0)
        process().context["heaplab_benchmark_library"] = library.path;
    process().context["heaplab_build_type"] = GBENCH_BUILD_TYPE;
}

void publish_context() {
    if (process().has_run)
        return;
    add_provenance();
    for (const auto &entry : process().context)
        benchmark::AddCustomContext(entry.first, entry.second);
    process().has_run = true;
}

/* The library exits when it cannot open its output file, so look first. */
bool can_write(const std::string &path) {
    std::FILE *file = std::fopen(path.c_str(), "w");
    return file && std::fclose(file) == 0;
}

int64_t run_registered() {
    Process &p = process();
    if (!p.out.empty() && !can_write(p.out))
        return fail(GBENCH_FAILED, "cannot write %s: %s", p.out.c_str(), std::strerror(errno));
    for (auto &benchmark : p.waiting)
        benchmark::internal::RegisterBenchmarkInternal(benchmark.release());
    p.waiting.clear();
    publish_context();
    Reporter display(*benchmark::CreateDefaultDisplayReporter());
    if (p.out.empty() || !p.out_is_json)
        return static_cast<int64_t>(benchmark::RunSpecifiedBenchmarks(&display));
    benchmark::JSONReporter json;
    Reporter file(json);
    const size_t count = benchmark::RunSpecifiedBenchmarks(&display, &file);
    if (file.has_failed())
        return fail(GBENCH_FAILED, "cannot write %s: disk full?", p.out.c_str());
    return static_cast<int64_t>(count);
}

/* The library prints its usage and exits with 0 for an option it refuses; this gets us out. */
[[noreturn]] void refuse_options() {
    throw std::invalid_argument("an option that google-benchmark refuses, or --help; formats are "
                                "console, json and csv");
}

} // namespace

/* ---- the C functions ---- */

const char *gbench_error(void) {
    return error_message;
}

int gbench_refill(gbench_state *state, int64_t n) {
    return guarded([&] { return run_of(state).refill(n) ? 1 : 0; }) == 1;
}

int64_t gbench_claim(gbench_state *state) {
    if (!gbench_keep_running(state))
        return 0;
    const int64_t others = state->remaining;
    state->remaining = 0;
    return 1 + others;
}

int gbench_pause(gbench_state *state) {
    Run &run = run_of(state);
    if (run.phase != Phase::running)
        return fail(GBENCH_MISUSE, "pause: the clock is not running");
    run.state.PauseTiming();
    run.phase = Phase::paused;
    return GBENCH_OK;
}

int gbench_resume(gbench_state *state) {
    Run &run = run_of(state);
    if (run.phase != Phase::paused)
        return fail(GBENCH_MISUSE, "resume: the clock was not stopped by pause");
    run.phase = Phase::running;
    run.state.ResumeTiming();
    return GBENCH_OK;
}

int gbench_range(const gbench_state *state, size_t index, int64_t *value) {
    const Run &run = run_of(state);
    if (index >= run.arg_count)
        return fail(GBENCH_INVALID, "range: the benchmark has %zu arguments, no number %zu",
                    run.arg_count, index);
    *value = run.state.range(index);
    return GBENCH_OK;
}

int64_t gbench_max_iterations(const gbench_state *state) {
    return run_of(state).state.max_iterations;
}

int64_t gbench_iterations(const gbench_state *state) {
    return run_of(state).begun();
}

int gbench_threads(const gbench_state *state) {
    return run_of(state).state.threads();
}

int gbench_thread_index(const gbench_state *state) {
    return run_of(state).state.thread_index();
}

/* Kinds are the library's bits; its sign bit, which no C enum holds well, has one of its own. */
static_assert(int{GBENCH_RATE} == int{benchmark::Counter::kIsRate});
static_assert(int{GBENCH_AVG_THREADS} == int{benchmark::Counter::kAvgThreads});
static_assert(int{GBENCH_ITERATION_INVARIANT} == int{benchmark::Counter::kIsIterationInvariant});
static_assert(int{GBENCH_AVG_ITERATIONS} == int{benchmark::Counter::kAvgIterations});

static benchmark::Counter::Flags counter_flags(unsigned kind) {
    auto flags = static_cast<benchmark::Counter::Flags>(kind & ~unsigned{GBENCH_INVERSE});
    return kind & GBENCH_INVERSE ? flags | benchmark::Counter::kInvert : flags;
}

static int check_counter(const char *name, double value, unsigned kind) {
    if (!name || !*name)
        return fail(GBENCH_INVALID, "counter: a name is needed");
    if (!std::isfinite(value))
        return fail(GBENCH_INVALID, "counter %s: the value is not finite", name);
    if (kind >= 2 * GBENCH_INVERSE)
        return fail(GBENCH_INVALID, "counter %s: unknown kind", name);
    for (const char *automatic : automatic_counters)
        if (std::strcmp(name, automatic) == 0)
            return fail(GBENCH_INVALID, "counter %s: set automatically", name);
    return GBENCH_OK;
}

int gbench_counter(gbench_state *state, const char *name, double value, unsigned kind) {
    return guarded([&] {
        if (int code = check_counter(name, value, kind))
            return code;
        run_of(state).state.counters[name] = benchmark::Counter(value, counter_flags(kind));
        return GBENCH_OK;
    });
}

static int set_processed(gbench_state *state, void (benchmark::State::*set)(int64_t), int64_t n) {
    return guarded([&] {
        if (n < 0)
            return fail(GBENCH_INVALID, "bytes and items: not negative");
        (run_of(state).state.*set)(n);
        return GBENCH_OK;
    });
}

int gbench_bytes(gbench_state *state, int64_t bytes) {
    return set_processed(state, &benchmark::State::SetBytesProcessed, bytes);
}

int gbench_items(gbench_state *state, int64_t items) {
    return set_processed(state, &benchmark::State::SetItemsProcessed, items);
}

int gbench_label(gbench_state *state, const char *text) {
    return guarded([&] {
        if (!text)
            return fail(GBENCH_INVALID, "label: a text is needed");
        Run &run = run_of(state);
        run.state.SetLabel(*text ? run.key + " " + text : run.key);
        return GBENCH_OK;
    });
}

int gbench_skip(gbench_state *state, const char *message) {
    return guarded([&] {
        if (!message || !*message)
            return fail(GBENCH_INVALID, "skip: a message is needed");
        run_of(state).skip(message);
        return GBENCH_OK;
    });
}

int gbench_set_iteration_time(gbench_state *state, double seconds) {
    if (!std::isfinite(seconds) || seconds < 0)
        return fail(GBENCH_INVALID, "set_iteration_time: seconds must be finite and not negative");
    Run &run = run_of(state);
    if (!run.manual_time)
        return fail(GBENCH_MISUSE, "set_iteration_time: the benchmark has no manual time");
    run.state.SetIterationTime(seconds);
    run.timed = true;
    return GBENCH_OK;
}

int gbench_register(const char *key, gbench_function run, void *data, gbench_benchmark **out) {
    return guarded([&] {
        if (!is_word(key) || !run)
            return fail(GBENCH_INVALID, "register: a key of one word and a function are needed");
        if (!process().keys.insert(key).second)
            return fail(GBENCH_INVALID, "register: %s exists already", key);
        auto benchmark = std::make_unique<gbench_benchmark>(key, run, data);
        if (out)
            *out = benchmark.get();
        process().waiting.push_back(std::move(benchmark));
        return GBENCH_OK;
    });
}

int gbench_withdraw(gbench_benchmark *benchmark) {
    auto &waiting = process().waiting;
    for (auto i = waiting.begin(); i != waiting.end(); ++i)
        if (i->get() == benchmark) {
            process().keys.erase(benchmark->key);
            waiting.erase(i);
            return GBENCH_OK;
        }
    return fail(GBENCH_MISUSE, "withdraw: not waiting for a run");
}

/* Whether an instance with this many arguments may join the benchmark's others. */
static int accept_args(gbench_benchmark *benchmark, size_t count) {
    if (benchmark->arg_count != 0 && benchmark->arg_count != count)
        return fail(GBENCH_INVALID, "args: every instance takes the same number of arguments");
    benchmark->arg_count = count;
    return GBENCH_OK;
}

int gbench_args(gbench_benchmark *benchmark, const int64_t *values, size_t count) {
    return guarded([&] {
        if (count == 0)
            return fail(GBENCH_INVALID, "args: at least one argument is needed");
        if (int code = accept_args(benchmark, count))
            return code;
        benchmark->Args(std::vector<int64_t>(values, values + count));
        return GBENCH_OK;
    });
}

int gbench_add_range(gbench_benchmark *benchmark, int64_t low, int64_t high, int multiplier) {
    return guarded([&] {
        if (low > high || multiplier < 2)
            return fail(GBENCH_INVALID, "range: needs low <= high and a multiplier of 2 or more");
        if (int code = accept_args(benchmark, 1))
            return code;
        benchmark->RangeMultiplier(multiplier)->Range(low, high);
        return GBENCH_OK;
    });
}

int gbench_arg_names(gbench_benchmark *benchmark, const char *const *names, size_t count) {
    return guarded([&] {
        for (size_t i = 0; i < count; i++)
            if (!is_word(names[i]))
                return fail(GBENCH_INVALID, "arg_names: a name is one word");
        benchmark->arg_names.assign(names, names + count);
        return GBENCH_OK;
    });
}

int gbench_add_threads(gbench_benchmark *benchmark, int threads) {
    return guarded([&] {
        if (threads < 1)
            return fail(GBENCH_INVALID, "threads: at least 1");
        benchmark->Threads(threads);
        return GBENCH_OK;
    });
}

int gbench_fixed_iterations(gbench_benchmark *benchmark, int64_t n) {
    if (n < 1 || benchmark->own_min_time)
        return fail(GBENCH_INVALID, "iterations: at least 1, and no min_time beside it");
    benchmark->Iterations(n);
    benchmark->fixed_iterations = true;
    return GBENCH_OK;
}

int gbench_min_time(gbench_benchmark *benchmark, double seconds) {
    if (!(seconds > 0) || !std::isfinite(seconds) || benchmark->fixed_iterations)
        return fail(GBENCH_INVALID, "min_time: more than 0, and no fixed iterations beside it");
    benchmark->MinTime(seconds);
    benchmark->own_min_time = true;
    return GBENCH_OK;
}

int gbench_repetitions(gbench_benchmark *benchmark, int n) {
    if (n < 1)
        return fail(GBENCH_INVALID, "repetitions: at least 1");
    benchmark->Repetitions(n);
    return GBENCH_OK;
}

int gbench_manual_time(gbench_benchmark *benchmark) {
    if (benchmark->real_time)
        return fail(GBENCH_INVALID, "manual_time: the benchmark has real time");
    benchmark->UseManualTime();
    benchmark->manual_time = true;
    return GBENCH_OK;
}

int gbench_real_time(gbench_benchmark *benchmark) {
    if (benchmark->manual_time)
        return fail(GBENCH_INVALID, "real_time: the benchmark has manual time");
    benchmark->UseRealTime();
    benchmark->real_time = true;
    return GBENCH_OK;
}

int gbench_process_time(gbench_benchmark *benchmark) {
    benchmark->MeasureProcessCPUTime();
    return GBENCH_OK;
}

int gbench_unit(gbench_benchmark *benchmark, const char *unit) {
    static const std::pair<const char *, benchmark::TimeUnit> units[] = {
        {"ns", benchmark::kNanosecond},
        {"us", benchmark::kMicrosecond},
        {"ms", benchmark::kMillisecond},
        {"s", benchmark::kSecond}};
    for (const auto &entry : units)
        if (unit && std::strcmp(unit, entry.first) == 0) {
            benchmark->Unit(entry.second);
            return GBENCH_OK;
        }
    return fail(GBENCH_INVALID, "unit: ns, us, ms or s");
}

int gbench_setup(gbench_benchmark *benchmark, gbench_function setup) {
    benchmark->setup = setup;
    return GBENCH_OK;
}

int gbench_teardown(gbench_benchmark *benchmark, gbench_function teardown) {
    benchmark->teardown = teardown;
    return GBENCH_OK;
}

int gbench_initialize(int *argc, char **argv) {
    return guarded([&] {
        if (*argc < 1)
            return fail(GBENCH_INVALID, "initialize: argv needs the program's name");
        note_output(*argc, argv);
        char *const name = argv[0];
        static std::string program; /* the library keeps a pointer to its text */
        program = name;
        argv[0] = program.data();
        benchmark::Initialize(argc, argv, refuse_options);
        argv[0] = name;
        return GBENCH_OK;
    });
}

int gbench_context(const char *key, const char *value) {
    return guarded([&] {
        if (!is_word(key) || !value)
            return fail(GBENCH_INVALID, "context: a key of one word and a value are needed");
        if (process().has_run)
            return fail(GBENCH_MISUSE, "context: too late, it was written by the first run");
        process().context[key] = value;
        return GBENCH_OK;
    });
}

int64_t gbench_run(void) {
    return guarded([]() -> int64_t {
        if (process().running)
            return fail(GBENCH_MISUSE, "run: called inside a benchmark");
        process().running = true;
        const int64_t result = guarded(run_registered);
        process().running = false;
        return result;
    });
}

void gbench_shutdown(void) {
    benchmark::ClearRegisteredBenchmarks();
    benchmark::Shutdown();
    benchmark::internal::GetGlobalContext() = nullptr; /* Shutdown deletes it and keeps it */
    Process fresh;
    fresh.out = process().out; /* the library remembers its options, too */
    fresh.out_is_json = process().out_is_json;
    process() = std::move(fresh);
}
