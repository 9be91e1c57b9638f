-- heaplab-bench from outside: its lists, every case of every strategy, its proofs and refusals.
--
-- Environment: HEAPLAB_BENCH (the program), WINHEAP_LIBDIR (the engines), HEAPLAB_SPY (the engine
-- of tests/spy.c), HEAPLAB_SANITIZED (set where malloc is a sanitizer's and no rival can run).
local lu = require "luaunit"
local child = require "child"

local spy = "--engine=" .. assert(os.getenv("HEAPLAB_SPY"))
local sanitized = os.getenv("HEAPLAB_SANITIZED") ~= nil
local preloads = {
    ["malloc:jemalloc"] = "libjemalloc.so.2",
    ["malloc:mimalloc"] = "libmimalloc.so.2",
    ["malloc:tcmalloc"] = "libtcmalloc_minimal.so.4",
}

--- The words after the last slash.
local function base_name(path)
    return path:match("[^/]+$")
end

--- One line on stderr that holds these words, and exit status 1.
local function assert_refused(words, status, err)
    lu.assertEquals(status, 1)
    lu.assertStrContains(err, words)
    lu.assertEquals(select(2, err:gsub("\n", "")), 1, err)
end

TestLists = {}

function TestLists.test_cases()
    local status, text = child.run { "--list" }
    lu.assertEquals(status, 0)
    lu.assertStrMatches(text, "workload\tparams\tmode\tprofile\n.*")
    local seen, profiles = {}, { smoke = 0, quick = 0, nightly = 0, full = 0 }
    for _, row in ipairs(child.rows(text)) do
        local case = row.workload .. "/" .. row.params
        lu.assertNil(seen[case])
        seen[case] = true
        lu.assertTrue(row.mode == "shared" or row.mode == "alone")
        profiles[row.profile] = profiles[row.profile] + 1
    end
    lu.assertEquals(profiles.smoke, 4)
    lu.assertTrue(profiles.smoke + profiles.quick <= 20)
    lu.assertTrue(seen["pair/size=64"] and seen["realloc/place=inplace"])
end

function TestLists.test_a_strategy_lists_what_it_can_do()
    local all, heap = child.cases(), child.cases("heap:any+max")
    lu.assertEquals(heap, all)
    local malloc = {}
    for _, case in ipairs(child.cases("malloc:glibc")) do
        malloc[case] = true
    end
    for _, case in ipairs(all) do
        local possible = case ~= "realloc/place=inplace" and case ~= "heap_cycle/n=0"
        lu.assertEquals(malloc[case] == true, possible, case)
    end
end

function TestLists.test_strategies()
    local status, text = child.run { "--list-strategies" }
    lu.assertEquals(status, 0)
    local needs = {}
    for _, row in ipairs(child.rows(text)) do
        needs[row.strategy] = row.needs
    end
    lu.assertEquals(needs["heap:ENGINE"], "engine")
    lu.assertEquals(needs["malloc:glibc"], "-")
    for strategy in pairs(preloads) do
        lu.assertEquals(needs[strategy], "preload")
    end
end

TestCases = {}

--- Runs all cases of a strategy; every one must have run, under its key, without an error.
local function assert_all_run(strategy, environment, ...)
    local cases = child.cases(strategy)
    local status, result, err = child.measure(strategy, cases, environment, ...)
    lu.assertEquals(status, 0, strategy .. ": " .. err)
    lu.assertEquals(#result.benchmarks, #cases)
    for i, row in ipairs(result.benchmarks) do
        local workload, params = cases[i]:match("^(.-)/(.*)$")
        local key = ("c/%s/strategy=%s/%s"):format(workload, strategy, params)
        lu.assertNil(row.error_message, key)
        lu.assertEquals({ row.name, row.label }, { key, key })
        lu.assertEquals(row.operations, row.iterations)
        lu.assertTrue(workload ~= "churn" or row.iterations == 400000)
    end
    lu.assertEquals(result.context.heaplab_caller, "c")
    lu.assertEquals(result.context.heaplab_strategy, strategy)
    return result.context
end

function TestCases.test_nop_and_floor()
    lu.assertNil(assert_all_run("nop").heaplab_engine)
    lu.assertNil(assert_all_run("floor").heaplab_engine)
end

--- The engines built beside the program; its own first.
local function engine_names()
    local names = {}
    local listing = assert(io.popen("cd " .. os.getenv("WINHEAP_LIBDIR") .. " && ls"))
    for file in listing:lines() do
        names[#names + 1] = file:match("^libwinheap%-([%w_]+)%.so$")
    end
    listing:close()
    return names
end

function TestCases.test_every_engine_with_every_option()
    local names = engine_names()
    lu.assertItemsEquals(names, { "native", "malloc", "mimalloc", "jemalloc" })
    for _, name in ipairs(names) do
        for _, option in ipairs { "", "+no_serialize", "+zero_memory", "+max" } do
            local context = assert_all_run("heap:" .. name .. option)
            lu.assertStrContains(context.heaplab_engine, name .. " ")
            lu.assertEquals(base_name(context.heaplab_engine_path),
                "libwinheap-" .. name .. ".so")
            lu.assertStrContains(context.heaplab_engine, context.heaplab_engine_build_id)
        end
    end
end

function TestCases.test_mi_heap()
    local context = assert_all_run("mi_heap:direct")
    lu.assertStrContains(context.heaplab_engine_path, "/libmimalloc")
    lu.assertStrMatches(context.heaplab_engine_build_id, "%x+")
end

function TestCases.test_every_malloc()
    lu.skipIf(sanitized, "malloc is the sanitizer's")
    lu.assertEquals(base_name(assert_all_run("malloc:glibc").heaplab_malloc_path), "libc.so.6")
    for strategy, library in pairs(preloads) do
        local context = assert_all_run(strategy, { "LD_PRELOAD=" .. library })
        lu.assertStrContains(context.heaplab_malloc_path, library:match("^[%a_]+"))
    end
end

function TestCases.test_cases_run_in_the_order_given()
    local order = { "zero/size=64", "pair/size=1024", "pair/size=16", "heap_cycle/n=1" }
    local _, result = child.measure("nop", order)
    for i, case in ipairs(order) do
        lu.assertEquals(result.benchmarks[i].name, "c/" .. case:gsub("/", "/strategy=nop/", 1))
    end
end

function TestCases.test_an_alone_case_runs_once()
    local _, result = child.measure("nop", { "churn/live=5000/max=5000", "pair/size=16" }, nil,
        "--benchmark_repetitions=2")
    local runs = { alone = 0, shared = 0 }
    for _, row in ipairs(result.benchmarks) do
        local mode = row.name:find("^c/churn") and "alone" or "shared"
        if row.run_type == "iteration" then
            runs[mode] = runs[mode] + 1
        end
    end
    lu.assertEquals(runs, { alone = 1, shared = 2 })
end

TestSpy = {}

function TestSpy.test_options_reach_the_heap()
    local function engine(strategy)
        local _, result = child.measure(strategy, { "pair/size=16" }, nil, spy)
        return result.context.heaplab_engine
    end
    lu.assertEquals(engine("heap:spy"), "spy options=0 max=0")
    lu.assertEquals(engine("heap:spy+no_serialize"), "spy options=1 max=0")
    lu.assertEquals(engine("heap:spy+zero_memory"), "spy options=8 max=0")
    lu.assertEquals(engine("heap:spy+max"), "spy options=0 max=268435456")
end

function TestSpy.test_memory_that_is_not_zeroed_is_noticed()
    local _, result = child.measure("heap:spy", { "zero/size=64" }, nil, spy)
    lu.assertEquals(result.benchmarks[1].error_message, "a zeroed block held something else")
end

function TestSpy.test_growing_in_place_may_be_refused()
    local _, result = child.measure("heap:spy", { "realloc/place=inplace" }, nil, spy)
    lu.assertNil(result.benchmarks[1].error_message)
end

function TestSpy.test_a_full_heap_is_an_error_of_the_run()
    local cases = child.cases("heap:spy+max")
    local status, result = child.measure("heap:spy+max", cases, nil, spy)
    lu.assertEquals(status, 0)
    lu.assertEquals(#result.benchmarks, #cases)
    for _, row in ipairs(result.benchmarks) do
        if row.name:find("^c/heap_cycle") and row.name:find("n=0$") then
            lu.assertNil(row.error_message)
        else
            lu.assertEquals(row.error_message, "out of memory", row.name)
        end
    end
end

TestRefusals = {}

local function refuse(words, arguments, environment)
    local status, _, err = child.run(arguments, environment)
    assert_refused(words, status, err)
end

function TestRefusals.test_bad_names()
    local case = "--case=pair/size=64"
    refuse("unknown strategy 'bogus'", { "--strategy=bogus", case })
    refuse("unknown strategy 'bogus'", { "--list", "--strategy=bogus" })
    refuse("unknown strategy 'heap:'", { "--strategy=heap:", case })
    refuse("unknown case 'pair/size=65'", { "--strategy=nop", "--case=pair/size=65" })
    refuse("unknown case 'pair'", { "--strategy=nop", "--case=pair" })
    refuse("unknown case 'pear/size=64'", { "--strategy=nop", "--case=pear/size=64" })
    refuse("libwinheap-nosuch.so", { "--strategy=heap:nosuch", case })
    refuse("/no/such/file.so", { "--strategy=heap:a", "--engine=/no/such/file.so", case })
    refuse("HeapAlloc", { "--strategy=heap:libc", "--engine=libc.so.6", case })
    refuse("'bogus'", { "--strategy=heap:native+bogus", case })
    refuse("unknown argument '--bogus'", { "--strategy=nop", case, "--bogus" })
    refuse("cannot run", { "--strategy=mi_heap:direct", "--case=realloc/place=inplace" })
end

function TestRefusals.test_incomplete_or_contradictory_options()
    local case = "--case=pair/size=64"
    refuse("--strategy is missing", { case })
    refuse("--case is missing", { "--strategy=nop" })
    refuse("exists already", { "--strategy=nop", case, case })
    refuse("Failed to match", { "--strategy=nop", case, "--benchmark_filter=nothing" })
    refuse("/no/folder", { "--strategy=nop", case, "--benchmark_out=/no/folder/x" })
    refuse("refuses", { "--strategy=nop", case, "--benchmark_format=xml" })
end

function TestRefusals.test_another_malloc_than_the_strategy_names()
    local case = "--case=pair/size=64"
    refuse("not by libjemalloc", { "--strategy=malloc:jemalloc", case })
    refuse("--expect-malloc", { "--strategy=malloc:mine", case })
    lu.skipIf(sanitized, "malloc is the sanitizer's")
    local preload = { "LD_PRELOAD=libjemalloc.so.2" }
    refuse("libjemalloc.so.2, not by libc.so.6", { "--strategy=malloc:glibc", case }, preload)
    refuse("not by libmimalloc", { "--strategy=malloc:mimalloc", case }, preload)
end

function TestRefusals.test_a_malloc_of_one_s_own_is_checked_by_path()
    lu.skipIf(sanitized, "malloc is the sanitizer's")
    local preload = { "LD_PRELOAD=libjemalloc.so.2" }
    local _, known = child.measure("malloc:jemalloc", { "pair/size=64" }, preload)
    local path = known.context.heaplab_malloc_path
    local status, mine = child.measure("malloc:mine", { "pair/size=64" }, preload,
        "--expect-malloc=" .. path)
    lu.assertEquals(status, 0)
    lu.assertEquals(mine.benchmarks[1].name, "c/pair/strategy=malloc:mine/size=64")
    refuse(path .. ", not by /bin/true", {
        "--strategy=malloc:mine", "--expect-malloc=/bin/true", "--case=pair/size=64",
    }, preload)
end

os.exit(lu.LuaUnit.run())
