-- Hammers the Lua binding: storms of Alloc, ReAlloc, Free, drops and Destroy under random collector
-- settings, with every byte of every payload checked.
--
--   luajit stress/gc.lua --engine=native --seconds 60 --json gc.json --progress
--   lua5.4 stress/gc.lua --engine=build/release/lib/libwinheap-native.so --seed 7 --ops 100000
--
-- The seed is printed; it gives the same operations again, though not the same moments at which the
-- collector runs. What may happen is in stress/gc/world.lua. `winheap` is found on the VM's search
-- path (LUA_CPATH for Lua 5.4; for LuaJIT also in this source tree). Times are CPU seconds. Exit
-- status: 0 passed, 1 a failure or a usage error, 130 interrupted.
local here = arg[0]:match "^(.*)/" or "."
package.path = ("%s/?.lua;%s/../bindings/luajit/?.lua;%s"):format(here, here, package.path)

local clock = os.clock
local json = require "gc.json"
local new_random = require "gc.random"
local vm = require "gc.vm"

local SAMPLE_EVERY = 0.25 -- seconds between two points of the timeline
local CHECK_EVERY = 256 -- operations between two looks at the clock

if vm.caller == "lua54" then -- there the module in the tree's bindings/luajit is the wrong one
    package.path = ("%s/?.lua;%s"):format(here, package.path:gsub("^[^;]*;[^;]*;", ""))
end

local PLANTS = { "early_free", "late_free", "leak", "lost_byte", "lost_heap" }
local options = require "gc.options".parse(arg, PLANTS)
local winheap = require "winheap"
if options.engine then
    local fine, problem = pcall(winheap.use, options.engine)
    if not fine then
        io.stderr:write("gc.lua: ", problem, "\n")
        os.exit(1)
    end
end
local world = require "gc.world"

local function resident_bytes()
    for line in io.lines "/proc/self/status" do
        local kilobytes = line:match "^VmRSS:%s*(%d+)"
        if kilobytes then
            return tonumber(kilobytes) * 1024
        end
    end
end

local function engine_name()
    return (winheap.engine():match "^%S+")
end

local function command()
    local words = { vm.caller == "luajit" and "luajit" or "lua5.4", "stress/gc.lua" }
    words[#words + 1] = "--engine=" .. (options.engine or engine_name())
    words[#words + 1] = ("--seed %.0f"):format(options.seed)
    if options.ops then
        words[#words + 1] = ("--ops %.0f"):format(options.ops)
    else
        words[#words + 1] = "--seconds " .. options.seconds
    end
    words[#words + 1] = options.plant and "--plant=" .. options.plant
    return table.concat(words, " ")
end

local run = {
    operations = 0, peak = 0, next_sample = 0, next_progress = 1, start = clock(),
    failures = json.list(), timeline = json.list(),
}

local function fail(what)
    run.failures[#run.failures + 1] = { operation = run.operations, what = what }
end

local function sample(now)
    local live, rss = winheap.Stats().bytes, resident_bytes()
    run.next_sample = now + SAMPLE_EVERY
    run.timeline[#run.timeline + 1] = { t = now, operations = run.operations, live_bytes = live,
        rss = rss }
    if options.progress and now >= run.next_progress then
        run.next_progress = now + 1
        io.stderr:write(("%6.0f s %9d operations %7.1f MB live %7.1f MB RSS\n"):format(now,
            run.operations, live / 2 ^ 20, rss / 2 ^ 20))
    end
end

local function is_over()
    if vm.interrupted then
        error("interrupted!", 0)
    elseif options.ops and run.operations >= options.ops then
        return true
    elseif run.operations % CHECK_EVERY ~= 0 then
        return false
    end
    run.peak = math.max(run.peak, winheap.Stats().bytes)
    local now = clock() - run.start
    if now >= run.next_sample then
        sample(now)
    end
    return options.seconds ~= nil and now >= options.seconds
end

local function storm()
    local it = world.new(new_random(options.seed))
    while not is_over() do
        run.operations = run.operations + 1
        local problem = it:step() or run.operations % CHECK_EVERY == 0 and world.refused()
        if problem then
            return fail(problem)
        end
    end
    local problem = it:finish()
    if problem then
        fail(problem)
    end
end

local function write_report(status, seconds)
    local file = assert(io.open(options.json, "w"))
    assert(file:write(json.encode {
        schema = 1, harness = "gc", caller = vm.caller, engine = engine_name(),
        engine_id = winheap.engine(), seed = options.seed, status = status,
        operations = run.operations, failures = run.failures, seconds = seconds,
        rate = run.operations / math.max(seconds, 1e-6), peak_live_bytes = run.peak,
        timeline = run.timeline,
    }, "\n"))
    assert(file:close())
end

local function main()
    io.stdout:write(("gc: %s on %s, seed %.0f\n"):format(vm.caller, winheap.engine(),
        options.seed))
    io.stdout:flush()
    local status, fine, problem = "passed", pcall(storm)
    if not fine and tostring(problem):find "interrupted!$" then
        status = "interrupted"
    elseif not fine then
        fail("an error was raised: " .. tostring(problem))
    end
    local seconds = clock() - run.start
    sample(seconds)
    for _, failure in ipairs(run.failures) do
        status = "failed"
        print(("FAILED at operation %d: %s"):format(failure.operation, failure.what))
        print("repeat with: " .. command())
    end
    print(("%s: %d operations in %.1f s, at most %.1f MB live"):format(status, run.operations,
        seconds, run.peak / 2 ^ 20))
    if options.json then
        write_report(status, seconds)
    end
    return ({ passed = 0, failed = 1, interrupted = 130 })[status]
end

if options.plant then
    local plant = require "gc.plants"[options.plant]
    if not plant then
        io.stderr:write("gc.lua: --plant: one of ", table.concat(PLANTS, ", "), "\n")
        os.exit(1)
    end
    plant()
end
os.exit(main(), true)
