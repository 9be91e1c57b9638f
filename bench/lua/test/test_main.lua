-- Tests of main.lua as the runner uses it, for the VM named in HEAPLAB_TEST_VM.
--
-- Every case of every strategy that can run here is run with a thousandth of its operations; a few
-- at full scale show that the collector works as often as a result needs.

package.path = arg[0]:match("^(.*)/[^/]*$") .. "/?.lua;" .. package.path

local child = require "child"
local lu = require "luaunit"

local mode = child.caller == "luajit" and "jit=on" or "gc=incremental"
local second_mode = child.caller == "luajit" and "jit=off" or "gc=generational"
local reference = child.caller == "luajit" and "ffi.gc:malloc" or "userdata:malloc"

local function full_key(case, strategy)
    return child.caller .. "/" .. case:gsub("/", "/strategy=" .. strategy .. "/", 1)
end

TestListing = {}

function TestListing.test_cases_have_known_modes_and_profiles()
    local header, rows = child.list("--list")
    lu.assertEquals(header, "workload\tparams\tmode\tprofile")
    local profiles = { smoke = true, quick = true, nightly = true, full = true }
    for _, row in ipairs(rows) do
        lu.assertEquals(#row, 4)
        lu.assertEquals(row[3], "alone")
        lu.assertTrue(profiles[row[4]], row[4])
    end
end

function TestListing.test_every_case_is_some_strategys()
    local listed, used = child.cases, {}
    for _, strategy in ipairs(child.strategies()) do
        for _, case in ipairs(listed(strategy)) do
            used[case] = true
        end
    end
    local _, rows = child.list("--list")
    lu.assertTrue(#rows > 0)
    for _, row in ipairs(rows) do
        local case = row[1] .. "/" .. row[2]
        lu.assertTrue(used[case], case)
        used[case] = nil
    end
    lu.assertNil(next(used), "a strategy lists a case that the full list lacks")
end

function TestListing.test_strategies_say_what_they_need()
    local header, rows = child.list("--list-strategies")
    lu.assertEquals(header, "strategy\tprofile\tneeds")
    for _, row in ipairs(rows) do
        local engine = row[1]:find("ENGINE") or row[1] == "ffi.gc:heap"
        lu.assertEquals(row[3], engine and "engine" or "-", row[1])
    end
end

TestRuns = {}

local function check_result(result, case, strategy)
    local key = full_key(case, strategy)
    lu.assertEquals(result.name, key)
    lu.assertEquals(result.label:match("^%S+"), key)
    lu.assertNil(result.error_occurred, key)
    lu.assertEquals(result.iterations, result.operations, key)
    lu.assertTrue(result.gc_cycles >= 1, key)
end

function TestRuns.test_every_case_of_every_strategy()
    for _, strategy in ipairs(child.strategies()) do
        local cases = child.cases(strategy)
        local report = child.measure(strategy, cases, "--scale=0.001")
        lu.assertEquals(#report.benchmarks, #cases, strategy)
        for index, case in ipairs(cases) do
            check_result(report.benchmarks[index], case, strategy)
        end
        lu.assertEquals(report.context.heaplab_scale, "0.001")
        lu.assertEquals(report.context.heaplab_strategy, strategy)
        lu.assertEquals(report.context.heaplab_caller, child.caller)
    end
end

function TestRuns.test_engine_is_proven()
    for _, strategy in ipairs(child.strategies()) do
        local engine = strategy:match("^heap:([^+]+)") or strategy:match("^metatype:(.+)")
        if engine then
            local case = "drop/size=64/touch=none/" .. mode
            local context = child.measure(strategy, { case }, "--scale=0.001").context
            lu.assertEquals(context.heaplab_engine:match("^%S+"), engine)
            lu.assertStrContains(context.heaplab_engine_path, "/libwinheap-" .. engine .. ".so")
            lu.assertStrMatches(context.heaplab_engine_build_id, ("%x"):rep(40))
        end
    end
end

-- The pool makes the least garbage, and the reference's is what others are compared with.
function TestRuns.test_drop_fills_five_cycles_at_full_scale()
    for _, strategy in ipairs { reference, "pool:malloc" } do
        for _, size in ipairs { 64, 1024, 65536 } do
            local case = ("drop/size=%d/touch=none/%s"):format(size, mode)
            local report = child.measure(strategy, { case })
            lu.assertNil(report.context.heaplab_scale)
            lu.assertTrue(report.benchmarks[1].gc_cycles >= 5, strategy .. " " .. case)
        end
    end
end

-- The engine `native` keeps its books elsewhere: untouched, a new block costs no page, and touched
-- all its sixteen. (A sanitizer's malloc would touch them itself.)
function TestRuns.test_touch_reaches_every_page()
    local function faults(touch)
        local case = ("drop/size=65536/touch=%s/%s"):format(touch, mode)
        return child.measure("heap:native", { case }, "--scale=0.1").benchmarks[1].minor_faults
    end
    local untouched = faults("none")
    lu.assertTrue(faults("page") > 4 * untouched)
    lu.assertTrue(faults("all") > 4 * untouched)
end

-- Of these strategies the loop is the only Lua code that runs often: a trace is a trace of it.
function TestRuns.test_luajit_compiles_the_loops()
    lu.skipIf(child.caller ~= "luajit", "Lua 5.4 compiles nothing")
    for _, strategy in ipairs { "ffi.gc:malloc", "ffi.gc:calloc", "ffi.new", "floor", "nop" } do
        for _, touch in ipairs { "none", "page", "all" } do
            local case = ("drop/size=1024/touch=%s/jit=on"):format(touch)
            local result = child.measure(strategy, { case }, "--scale=0.1").benchmarks[1]
            lu.assertTrue(result.traces >= 1, strategy .. " " .. case)
            lu.assertTrue(result.trace_aborts < 10, strategy .. " " .. case)
        end
    end
end

function TestRuns.test_mode_is_set()
    local function measured(name)
        local case = "drop/size=64/touch=none/" .. name
        return child.measure("floor", { case }).benchmarks[1]
    end
    local first, second = measured(mode), measured(second_mode)
    if child.caller == "luajit" then
        lu.assertTrue(first.traces >= 1)
        lu.assertEquals(second.traces, 0)
    else
        -- A young collection comes after the heap grew by a fifth, a full one after it doubled.
        lu.assertTrue(second.gc_cycles > 2 * first.gc_cycles)
    end
end

TestBadInput = {}

local function refused(word, ...)
    local code, output, errors = child.run { ... }
    lu.assertEquals(code, 1, errors)
    lu.assertEquals(output, "")
    lu.assertStrMatches(errors, "[^\n]+\n", nil, nil, "one line is wanted")
    lu.assertStrContains(errors, word)
end

local some_case = "--case=drop/size=64/touch=none/" .. mode

function TestBadInput.test_strategy()
    refused("tcmalloc:9", "--strategy=tcmalloc:9", some_case)
    refused("userdata:inline", "--list", "--strategy=nosuch")
    refused("heap:ENGINE", "--strategy=heap:ENGINE", some_case)
end

function TestBadInput.test_case()
    refused("drop/size=65", "--strategy=nop", "--case=drop/size=65/touch=none/" .. mode)
    refused("explicit", "--strategy=userdata:inline",
        "--case=explicit/size=64/touch=none/" .. mode)
    refused("twice", "--strategy=nop", some_case, some_case)
    refused("--case", "--strategy=nop")
    refused("--strategy", some_case)
end

function TestBadInput.test_engine()
    refused("nosuch", "--strategy=heap:nosuch", some_case)
    refused("/nosuch/x.so", "--strategy=heap:mine", "--engine=/nosuch/x.so", some_case)
end

function TestBadInput.test_options()
    refused("--frobnicate", "--strategy=nop", some_case, "--frobnicate")
    refused("--scale=2", "--strategy=nop", some_case, "--scale=2")
    refused("--scale=x", "--strategy=nop", some_case, "--scale=x")
end

-- The library adds a line of its own here.
function TestBadInput.test_filter_that_matches_nothing()
    local code, _, errors = child.run { "--strategy=nop", some_case, "--benchmark_filter=nosuch" }
    lu.assertEquals(code, 1)
    lu.assertStrContains(errors, "--benchmark_filter matches none of the cases")
end

-- 100,000 live blobs of 4 KiB do not fit into 300 MB.
local function fails_half_way(strategy, touch, message)
    lu.skipIf(os.getenv("LD_PRELOAD"), "a sanitizer needs more address space than the test allows")
    local case = ("live/size=4096/touch=%s/%s"):format(touch, mode)
    local code, _, errors = child.run({ "--strategy=" .. strategy, "--case=" .. case },
        "ulimit -v 300000;")
    lu.assertEquals(code, 1, errors)
    lu.assertStrContains(errors, "main.lua: " .. case .. ": ")
    lu.assertStrContains(errors, message)
end

function TestBadInput.test_case_that_fails_half_way()
    fails_half_way("userdata:malloc", "none", "malloc has no 4 KiB")
end

-- NULL is no blob: the operations on it would cost little, and touching it would end the process.
function TestBadInput.test_null_is_no_blob()
    lu.skipIf(child.caller ~= "luajit", "pointers without a check are LuaJIT's")
    for _, touch in ipairs { "none", "page" } do
        fails_half_way("ffi.gc:heap", touch, "no memory for a blob of 4096 bytes")
    end
    for _, strategy in ipairs { "ffi.gc:malloc", "ffi.gc:calloc", "ffi.gc:malloc+step",
        "pool:malloc" } do
        fails_half_way(strategy, "page", "")
    end
end

-- Its finalizers put the handles back and raise again for want of memory.
function TestBadInput.test_case_whose_garbage_fails_too()
    fails_half_way("pool:malloc", "none", "")
end

os.exit(lu.LuaUnit.run())
