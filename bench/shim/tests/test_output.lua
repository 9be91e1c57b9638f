-- What the C API writes: runs the program `sample` (arg[1]) once with three repetitions.
local lu = require "luaunit"
local output = require "output"

local sample = table.remove(arg, 1)
local path = os.tmpname()
local command = ("%s --benchmark_repetitions=3 --benchmark_out=%s >/dev/null"):format(sample, path)
assert(os.execute(command) == 0)
local text, result = output.read(path)
os.remove(path)

local function runs(name)
    local found = output.runs(result, name)
    lu.assertEquals(#found, 3, name)
    return found
end

TestNames = {}

function TestNames.test_names_are_keys_without_suffixes()
    local expected = {}
    for _, name in ipairs {
        "plain", "labels", "faults", "refuses", "manual", "timeless", "args/size=8/step=1",
        "args/size=64/step=2", "range/arg0=8", "range/arg0=16", "range/arg0=64",
        "range/arg0=128", "threads", "threads/threads=2", "waits", "waits/process",
    } do
        expected["c/" .. name] = true
    end
    local found = {}
    for _, row in ipairs(result.benchmarks) do
        if row.run_type == "iteration" then
            found[row.name] = true
            lu.assertEquals(row.run_name, row.name)
        end
    end
    lu.assertEquals(found, expected)
end

function TestNames.test_labels_start_with_the_key()
    for _, row in ipairs(result.benchmarks) do
        lu.assertEquals(row.label:match("^%S+"), row.run_name)
    end
    lu.assertEquals(runs("c/plain")[1].label, 'c/plain a "quoted" label')
    lu.assertEquals(runs("c/labels")[2].label, "c/labels run 2")
    lu.assertEquals(output.row(result, "c/labels_mean").label, "c/labels")
end

TestValues = {}

function TestValues.test_counters()
    for _, row in ipairs(runs("c/plain")) do
        lu.assertEquals(row.value, 2.5)
        lu.assertEquals(row.per_iteration, 3)
        lu.assertEquals(row.iterations, 100)
        lu.assertEquals(row.operations, 100)
    end
end

function TestValues.test_process_time_is_that_of_all_threads()
    for _, row in ipairs(runs("c/waits/process")) do
        lu.assertTrue(row.cpu_time >= 20e6)
    end
    for _, row in ipairs(runs("c/waits")) do
        lu.assertTrue(row.cpu_time < 20e6)
    end
end

function TestValues.test_arguments()
    lu.assertEquals(runs("c/args/size=8/step=1")[1].size, 8)
    lu.assertEquals(runs("c/args/size=64/step=2")[1].size, 64)
    lu.assertEquals(runs("c/range/arg0=16")[1].size, 16)
end

function TestValues.test_threads_sum_their_counters()
    local one, two = runs("c/threads")[1], runs("c/threads/threads=2")[1]
    lu.assertEquals({ one.threads, one.operations, one.sum, one.average }, { 1, 1000, 1, 7 })
    lu.assertEquals({ two.threads, two.operations, two.sum, two.average }, { 2, 2000, 2, 7 })
end

function TestValues.test_manual_time_and_rates()
    local row = runs("c/manual")[1]
    lu.assertEquals(row.time_unit, "ms")
    lu.assertEquals(row.real_time, 500)
    lu.assertEquals(row.bytes_per_second, 2048)
    lu.assertEquals(row.items_per_second, 50)
    lu.assertEquals(row.seconds_per_unit, 0.02)
end

function TestValues.test_peak_and_faults()
    for _, row in ipairs(runs("c/faults")) do
        lu.assertTrue(row.minor_faults >= 10 * 64)
    end
    for _, row in ipairs(runs("c/plain")) do
        lu.assertTrue(row.vm_hwm > 1e6 and row.vm_hwm % 1024 == 0)
    end
end

function TestValues.test_skipped_runs_are_errors()
    local row = runs("c/refuses")[1]
    lu.assertTrue(row.error_occurred)
    lu.assertEquals(row.error_message, 'a "reason"')
    lu.assertNil(row.operations)
end

TestFinite = {}

function TestFinite.test_no_bare_nan_or_infinity()
    lu.assertNil(text:find(":%s*%-?NaN"))
    lu.assertNil(text:find(":%s*%-?Infinity"))
end

function TestFinite.test_only_the_impossible_value_is_left_out()
    local row = runs("c/timeless")[1]
    lu.assertEquals(row.real_time, 0)
    lu.assertNil(row.rate)
    local variation = output.row(result, "c/plain_cv")
    lu.assertEquals(variation.value, 0)
    lu.assertEquals(variation.operations, 0)
    lu.assertNotNil(output.row(result, "c/timeless_mean"))
    lu.assertNil(output.row(result, "c/timeless_cv"))
end

TestContext = {}

function TestContext.test_says_what_ran()
    local context = result.context
    lu.assertEquals(context.sample_context, 'a "value"')
    lu.assertStrContains(context.heaplab_malloc_path, "/lib")
    lu.assertStrMatches(context.heaplab_malloc_build_id, "%x+")
    lu.assertStrContains(context.heaplab_benchmark_library, "/libbenchmark.so")
    lu.assertStrMatches(context.heaplab_build_type, "%u%a+.*")
end

os.exit(lu.LuaUnit.run())
