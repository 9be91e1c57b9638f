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
    lu.assertTrue(profiles.smoke + profiles.quick <= 21)
    lu.assertTrue(seen["pair/size=64"] and seen["realloc/place=inplace"])
end

--- Lua patterns of the cases that a strategy lacks.
local lacking = {
    ["heap:any"] = {},
    ["heap:any+max"] = { "^free_order/", "^doubling/" },
    ["heap:any+no_serialize"] = { "^threads/place=shared", "^threads/place=handoff/threads=2" },
    ["malloc:glibc"] = { "^realloc/place=inplace$", "^heap_cycle/n=0$", "^heaps/" },
    ["mi_heap:direct"] = { "^realloc/place=inplace$", "^threads/place=shared" },
    ["arena:mmap"] = { "^pair/", "^batch/", "^churn/", "^realloc/", "^zero/", "^free_order/",
        "^doubling/", "^threads/" },
    nop = { "^doubling/", "^threads/" },
}

local function lacks(patterns, case)
    for _, pattern in ipairs(patterns) do
        if case:find(pattern) then
            return true
        end
    end
    return false
end

function TestLists.test_a_strategy_lists_what_it_can_do()
    for strategy, patterns in pairs(lacking) do
        local listed = {}
        for _, case in ipairs(child.cases(strategy)) do
            listed[case] = true
        end
        for _, case in ipairs(child.cases()) do
            lu.assertEquals(listed[case] == true, not lacks(patterns, case), strategy .. case)
        end
    end
end

TestCases = {}

--- The engines built beside the program.
local function engine_names()
    local names = {}
    local listing = assert(io.popen("ls " .. os.getenv("WINHEAP_LIBDIR")))
    for file in listing:lines() do
        names[#names + 1] = file:match("^libwinheap%-([%w_]+)%.so$")
    end
    listing:close()
    return names
end

--- Every listed strategy that can run here: name, environment, engine, preloaded library.
local function strategies()
    local found, engines = {}, engine_names()
    lu.assertItemsEquals(engines, { "native", "malloc", "mimalloc", "jemalloc" })
    for _, row in ipairs(child.rows(select(2, child.run { "--list-strategies" }))) do
        local name, library = row.strategy, preloads[row.strategy]
        if row.needs == "engine" then
            local only = name:match("^heap:(%l+)")
            for _, engine in ipairs(only and { only } or engines) do
                found[#found + 1] = { name = name:gsub("ENGINE", engine), engine = engine }
            end
        elseif not (sanitized and name:find("^malloc:")) then
            local needs = name == "mi_heap:direct" and "loads:mimalloc" or library and "preload"
            lu.assertEquals(row.needs, needs or "-", name)
            found[#found + 1] = { name = name, library = library,
                environment = library and { "LD_PRELOAD=" .. library } }
        end
    end
    return found
end

--- Every case has run, in order, under its key, without an error.
local function assert_complete(strategy, cases, result)
    lu.assertEquals(#result.benchmarks, #cases)
    for i, row in ipairs(result.benchmarks) do
        local workload, params = cases[i]:match("^(.-)/(.*)$")
        local key = ("c/%s/strategy=%s/%s"):format(workload, strategy, params)
        lu.assertNil(row.error_message, key)
        lu.assertEquals({ row.name, row.label }, { key, key })
        lu.assertEquals(row.operations, row.iterations)
        lu.assertTrue(workload ~= "churn" or row.iterations == 400000)
    end
end

--- The process has proved which libraries served it.
local function assert_proved(strategy, context)
    lu.assertEquals(context.heaplab_caller, "c")
    lu.assertEquals(context.heaplab_strategy, strategy.name)
    if strategy.engine then
        local file = base_name(context.heaplab_engine_path)
        lu.assertEquals(file, "libwinheap-" .. strategy.engine .. ".so")
        lu.assertStrContains(context.heaplab_engine, strategy.engine .. " ")
        lu.assertStrContains(context.heaplab_engine, context.heaplab_engine_build_id)
    elseif strategy.name == "mi_heap:direct" then
        lu.assertStrContains(context.heaplab_engine_path, "/libmimalloc")
        lu.assertStrMatches(context.heaplab_engine_build_id, "%x+")
    else
        lu.assertNil(context.heaplab_engine)
    end
    if not sanitized then
        local library = strategy.library or "libc"
        lu.assertStrContains(context.heaplab_malloc_path, library:match("^[%a_]+"))
    end
end

-- Of a case that only the profile full has, another profile has a smaller sibling.
function TestCases.test_every_listed_strategy_runs_every_case_listed_for_it()
    for _, strategy in ipairs(strategies()) do
        local cases = child.cases(strategy.name, "full")
        local status, result, err = child.measure(strategy.name, cases, strategy.environment)
        lu.assertEquals(status, 0, strategy.name .. ": " .. err)
        assert_complete(strategy.name, cases, result)
        assert_proved(strategy, result.context)
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

--- The one row of a case, which has run without an error.
local function row_of(strategy, case, environment, ...)
    local status, result, err = child.measure(strategy, { case }, environment, ...)
    lu.assertEquals(status, 0, err)
    lu.assertNil(result.benchmarks[1].error_message)
    return result.benchmarks[1]
end

local churn = "churn/live=5000/max=5000"

function TestCases.test_resident_memory_is_counted()
    local function resident(strategy)
        return row_of(strategy, "heaps/live=1000/n=3").rss_end
    end
    -- A page per heap, 4 MiB, which the loop alone does not have. How many pages of the program's
    -- own code are resident differs from one process to the next, by some hundred KiB.
    lu.assertTrue(resident("arena:mmap") - resident("nop") > 1000 * 2048)
    lu.assertTrue(row_of("nop", "destroy/n=100000/size=64").rss_end > 0)
end

function TestCases.test_compacting_gives_back_what_shrinking_left()
    lu.skipIf(sanitized, "malloc is the sanitizer's")
    for _, name in ipairs { "glibc", "jemalloc", "mimalloc", "tcmalloc" } do
        local library = preloads["malloc:" .. name]
        local row = row_of("malloc:" .. name, churn, library and { "LD_PRELOAD=" .. library })
        lu.assertTrue(row.rss_compacted <= row.rss_end, name)
        lu.assertTrue(name ~= "glibc" and name ~= "jemalloc"
            or row.rss_compacted < 0.8 * row.rss_end, name)
    end
end

function TestCases.test_memory_that_runs_out_is_an_error_of_the_run()
    lu.skipIf(sanitized, "a sanitizer needs more address space than this test allows")
    for _, case in ipairs { "doubling/last=1073741824/by=realloc",
        "doubling/last=1073741824/by=copy", "free_order/order=random/count=350000/size=17408" } do
        local _, result = child.measure("malloc:glibc", { case }, { "prlimit", "--as=900000000" })
        lu.assertEquals(result.benchmarks[1].error_message, "out of memory", case)
    end
end

function TestCases.test_a_given_number_of_operations()
    local _, result = child.measure("nop", { "pair/size=64", churn }, nil, "--operations=3000")
    for _, row in ipairs(result.benchmarks) do
        lu.assertEquals(row.operations, 3000)
    end
end

TestSpy = {}

function TestSpy.test_an_engine_without_compaction_has_no_such_counter()
    local row = row_of("heap:spy", churn, nil, spy)
    lu.assertTrue(row.rss_end > 0)
    lu.assertNil(row.rss_compacted)
end

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

TestThreads = {}

--- How many heaps a case made and how many blocks another thread freed than the one that got them.
local function spied(case)
    local _, result, err = child.measure("heap:spy", { "threads/" .. case },
        { "SPY_REPORT=1" }, spy)
    local row = result.benchmarks[1]
    lu.assertNil(row.error_message)
    lu.assertEquals(row.operations, 2 ^ 19)
    return { err:match("spy: heaps=(%d+) remote_frees=(%d+)") }
end

function TestThreads.test_who_allocates_and_who_frees()
    lu.assertEquals(spied("place=own/threads=1"), { "2", "0" })
    lu.assertEquals(spied("place=own/threads=2"), { "3", "0" })
    lu.assertEquals(spied("place=shared/threads=2"), { "1", "0" })
    lu.assertEquals(spied("place=handoff/threads=1"), { "1", "0" })
    lu.assertEquals(spied("place=handoff/threads=2"), { "1", tostring(2 ^ 19) })
end

function TestThreads.test_the_engine_under_threads()
    for _, place in ipairs { "own", "shared", "handoff" } do
        local row = row_of("heap:native", "threads/place=" .. place .. "/threads=2")
        lu.assertEquals(row.operations, 2 ^ 19)
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
    refuse("too long", { "--strategy=heap:" .. ("x"):rep(600), spy, case })
    refuse("Failed to match", { "--strategy=nop", case, "--benchmark_filter=nothing" })
    refuse("/no/folder", { "--strategy=nop", case, "--benchmark_out=/no/folder/x" })
    for _, wrong in ipairs { "0", "-1", "x", "", "1e3", "99999999999999999999" } do
        refuse("--operations", { "--strategy=nop", case, "--operations=" .. wrong })
    end
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
