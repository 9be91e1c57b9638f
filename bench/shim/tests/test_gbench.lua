-- The Lua module on the VM that runs this file: registers real benchmarks, runs them and reads
-- google-benchmark's JSON. Every test is one run of its own.
local lu = require "luaunit"
local gbench = require "gbench"
local output = require "output"

--- Registers the descriptions, runs them, and returns the JSON's value and run()'s result.
local function measure(descriptions, ...)
    local path = os.tmpname()
    for _, description in ipairs(descriptions) do
        gbench.register(description)
    end
    local unknown = gbench.initialize {
        "--benchmark_out=" .. path, "--benchmark_min_time=0.0001", "--benchmark_filter=all", ...,
    }
    lu.assertEquals(unknown, {})
    local count = gbench.run()
    gbench.shutdown()
    local _, result = output.read(path)
    os.remove(path)
    return result, count
end

local function row_of(description)
    return measure({ description }).benchmarks[1]
end

local function spin(state)
    while state:keep_running() do end
end

TestRun = {}

function TestRun.tearDown()
    gbench.shutdown()
end

function TestRun.test_key_label_and_iterations()
    local calls = 0
    local row = row_of {
        key = "t/fixed/strategy=nop/size=1", iterations = 10,
        fn = function(state)
            while state:keep_running() do
                calls = calls + 1
                assert(state:iterations() == calls)
            end
            assert(state:max_iterations() == 10)
            state:label("more words")
        end,
    }
    lu.assertEquals(row.name, "t/fixed/strategy=nop/size=1")
    lu.assertEquals(row.label, "t/fixed/strategy=nop/size=1 more words")
    lu.assertEquals({ row.iterations, row.operations, calls }, { 10, 10, 10 })
    lu.assertTrue(row.vm_hwm > 0)
end

function TestRun.test_batches()
    local operations = 0
    local row = row_of {
        key = "t/batch", iterations = 10,
        fn = function(state)
            while state:keep_running_batch(4) do
                operations = operations + 4
            end
        end,
    }
    lu.assertEquals({ row.iterations, operations }, { 12, 12 })
end

function TestRun.test_one_batch_of_all_iterations()
    local batches = 0
    local row = row_of {
        key = "t/all", iterations = 1000,
        fn = function(state)
            while state:keep_running_batch(1000) do
                batches = batches + 1
            end
        end,
    }
    lu.assertEquals({ row.iterations, batches }, { 1000, 1 })
end

function TestRun.test_arguments_and_ranges()
    local seen = {}
    local function fn(state)
        seen[#seen + 1] = state:range(0)
        spin(state)
    end
    local result, count = measure {
        { key = "t/args", args = { 8, 64 }, arg_names = { "size" }, iterations = 1, fn = fn },
        { key = "t/range", range = { 1, 16, 4 }, iterations = 1, fn = fn },
        {
            key = "t/pairs", args = { { 1, 2 }, { 3, 4 } }, iterations = 1,
            fn = function(state)
                seen[#seen + 1] = state:range(0) * 10 + state:range(1)
                spin(state)
            end,
        },
    }
    lu.assertEquals(count, 7)
    lu.assertEquals(seen, { 8, 64, 1, 4, 16, 12, 34 })
    lu.assertNotNil(output.row(result, "t/args/size=64"))
    lu.assertNotNil(output.row(result, "t/range/arg0=16"))
    lu.assertNotNil(output.row(result, "t/pairs/arg0=3/arg1=4"))
end

function TestRun.test_manual_time_counters_and_rates()
    local row = row_of {
        key = "t/manual", manual_time = true, iterations = 4, unit = "ms",
        fn = function(state)
            while state:keep_running() do
                state:pause()
                state:resume()
                state:set_iteration_time(0.5)
            end
            state:bytes(4096)
            state:items(100)
            state:counter("plain", 1.5)
            state:counter("rate", 10, "rate")
            state:counter("each", 8, "avg_iterations")
        end,
    }
    lu.assertEquals({ row.real_time, row.time_unit }, { 500, "ms" })
    lu.assertEquals({ row.bytes_per_second, row.items_per_second }, { 2048, 50 })
    lu.assertEquals({ row.plain, row.rate, row.each }, { 1.5, 5, 2 })
end

function TestRun.test_setup_and_teardown_enclose_each_run()
    local order = {}
    local function note(what)
        return function(state)
            order[#order + 1] = what
            if what == "run" then
                spin(state)
            end
        end
    end
    measure {
        {
            key = "t/order", iterations = 1, repetitions = 2,
            setup = note "setup", fn = note "run", teardown = note "teardown",
        },
    }
    lu.assertEquals(table.concat(order, " "), "setup run teardown setup run teardown")
end

function TestRun.test_context_has_the_vm_and_ours()
    gbench.context("t_key", "replaced")
    gbench.context("t_key", "value")
    local context = measure({ { key = "t/context", iterations = 1, fn = spin } }).context
    lu.assertEquals(context.t_key, "value")
    lu.assertStrContains(context.heaplab_vm, rawget(_G, "jit") and "LuaJIT 2" or "Lua 5.4.")
    lu.assertStrContains(context.heaplab_vm_path, "lua")
    lu.assertStrContains(context.heaplab_benchmark_library, "/libbenchmark.so")
end

TestErrors = {}
TestErrors.tearDown = TestRun.tearDown

local function error_of(fn, more)
    local description = more or {}
    description.key, description.fn = "t/error", fn
    local row = row_of(description)
    lu.assertTrue(row.error_occurred)
    return row.error_message
end

function TestErrors.test_a_lua_error_becomes_the_run_s_error()
    lu.assertStrContains(error_of(function(state)
        while state:keep_running() do
            error("boom")
        end
    end), "boom")
    lu.assertEquals(error_of(function() error({}) end), "(error object is a table value)")
    lu.assertEquals(error_of(function()
        error(setmetatable({}, { __tostring = function() return "by hand" end }))
    end), "by hand")
end

function TestErrors.test_errors_in_setup_and_teardown()
    local called = false
    lu.assertStrContains(error_of(function() called = true end, {
        setup = function() error("setup failed") end,
    }), "setup failed")
    lu.assertFalse(called)
    lu.assertStrContains(error_of(spin, {
        teardown = function() error("teardown failed") end,
    }), "teardown failed")
end

function TestErrors.test_misuse_of_the_state()
    lu.assertStrContains(error_of(function(state) state:resume() end), "resume")
    lu.assertStrContains(error_of(function(state) state:keep_running() end), "returned before")
    lu.assertStrContains(error_of(function(state) state:range(0) end), "range")
    lu.assertEquals(error_of(function(state) state:skip("no reason") end), "no reason")
    local kept
    row_of { key = "t/kept", iterations = 1, fn = function(state) kept = state spin(state) end }
    lu.assertErrorMsgContains("only inside", function() kept:keep_running() end)
end

function TestErrors.test_counters_refuse_what_json_cannot_hold()
    for _, value in ipairs { 0 / 0, 1 / 0, -1 / 0 } do
        lu.assertStrContains(error_of(function(state)
            spin(state)
            state:counter("bad", value)
        end), "not finite")
    end
end

function TestErrors.test_registration()
    local function refuses(words, description)
        lu.assertErrorMsgContains(words, gbench.register, description)
    end
    refuses("one word", { key = "two words", fn = spin })
    refuses("key", { fn = spin })
    refuses("fn", { key = "t/a" })
    refuses("one thread", { key = "t/a", fn = spin, threads = 2 })
    refuses("unknown field 'iteration'", { key = "t/a", fn = spin, iteration = 1 })
    refuses("iterations", { key = "t/a", fn = spin, iterations = 0 })
    refuses("integer", { key = "t/a", fn = spin, iterations = 1.5 })
    refuses("setup", { key = "t/a", fn = spin, setup = 1 })
    refuses("range", { key = "t/a", fn = spin, range = { 1, 2 } })
    refuses("manual", { key = "t/a", fn = spin, manual_time = true, real_time = true })
    -- A refused registration leaves nothing behind: its key is free, and it does not run.
    local _, count = measure { { key = "t/a", fn = spin, iterations = 1, threads = 1 } }
    lu.assertEquals(count, 1)
end

function TestErrors.test_the_process()
    lu.assertEquals(gbench.initialize { "--mine", "--benchmark_min_time=0.0001" }, { "--mine" })
    local ok, message = gbench.initialize { "--benchmark_format=xml" }
    lu.assertNil(ok)
    lu.assertStrContains(message, "refuses")
    lu.assertEquals(gbench.initialize { "--benchmark_format=console" }, {})
    gbench.register { key = "t/one", fn = spin, iterations = 1 }
    gbench.initialize { "--benchmark_filter=nothing", "--benchmark_out=" }
    lu.assertEquals(gbench.run(), 0)
    gbench.initialize { "--benchmark_filter=all", "--benchmark_out=/nonexistent/file" }
    ok, message = gbench.run()
    lu.assertNil(ok)
    lu.assertStrContains(message, "/nonexistent/file")
end

function TestErrors.test_run_and_shutdown_inside_a_benchmark()
    local inner, message
    local row = row_of {
        key = "t/nested", iterations = 1,
        fn = function(state)
            inner, message = gbench.run()
            lu.assertFalse(pcall(gbench.shutdown))
            spin(state)
        end,
    }
    lu.assertNil(row.error_occurred)
    lu.assertNil(inner)
    lu.assertStrContains(message, "inside a benchmark")
end

TestProvenance = {}

function TestProvenance.test_library_of()
    local path, build_id = gbench.library_of("fopen")
    lu.assertStrContains(path, "/")
    lu.assertEquals(#build_id % 2, 0)
    local none, message = gbench.library_of("no_such_symbol_here")
    lu.assertNil(none)
    lu.assertStrContains(message, "no_such_symbol_here")
end

os.exit(lu.LuaUnit.run())
