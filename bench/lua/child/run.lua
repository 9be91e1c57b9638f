-- Runs cases of one strategy as google benchmarks.

local cases = require "child.cases"
local cycles = require "child.cycles"
local fail = require "child.fail"
local program = require "child.program"
local proof = require "child.proof"
local strategies = require "child.strategies"
local traces = require "child.traces"
local vm = require "child.vm"

local run = {}

-- Two: objects with finalizers are only freed by the collection after the one that ran them.
local function collect_all()
    collectgarbage()
    collectgarbage()
end

local function prepare(case, loop, extra)
    if case.definition.prepare then
        loop(case.definition.prepare(extra))
    end
    collect_all()
end

-- The measured region is one batch: all operations and the collections that release their rest.
local function measure(state, loop, operations)
    local gc_cycles = cycles.count()
    while state:keep_running_batch(operations) do
        loop(operations)
        collect_all()
    end
    state:counter("gc_cycles", gc_cycles())
end

local function run_case(state, case, strategy, loaded, wanted)
    vm.mode.set(case.values.mode)
    local compiler = traces.count()
    local locals = case.definition.locals
    local extra = locals and locals(case.values.size, wanted.scale) or {}
    local loop = program.compile(case, strategy, strategy.open(loaded), extra)
    prepare(case, loop, extra)
    measure(state, loop, cases.operations(case, wanted.scale))
    for name, value in pairs(compiler()) do
        state:counter(name, value)
    end
end

-- An error ends the case, and the process in the end: the library would only note it in its output.
local function register(gbench, case, strategy, loaded, wanted, failures)
    gbench.register {
        key = ("%s/%s/strategy=%s/%s"):format(vm.name, case.workload, wanted.strategy, case.params),
        iterations = cases.operations(case, wanted.scale),
        fn = function(state)
            local fine, message = pcall(run_case, state, case, strategy, loaded, wanted)
            if not fine then
                table.insert(failures, case.key .. ": " .. tostring(message))
                state:skip(tostring(message))
            end
        end,
    }
end

-- An engine that cannot be loaded is the caller's to mend, not an error of the program.
local function load_engine(gbench, strategy, engine, wanted)
    if not strategy.load then
        return nil
    end
    local fine, loaded, engine_name = pcall(strategy.load, wanted.engine or engine)
    if not fine then
        local message = tostring(loaded):gsub("\n.*", ""):gsub("^[^:]+:%d+: ", "")
        fail.usage("%s: %s", wanted.strategy, message)
    end
    for key, value in pairs(proof.of(engine_name, wanted.engine)) do
        gbench.context(key, value)
    end
    return loaded
end

local function find_cases(wanted, strategy)
    local list = {}
    for _, key in ipairs(wanted.cases) do
        table.insert(list, cases.find(key, strategy, wanted.strategy))
    end
    return list
end

local function set_context(gbench, wanted)
    gbench.context("heaplab_caller", vm.name)
    gbench.context("heaplab_strategy", wanted.strategy)
    if wanted.scale ~= 1 then
        gbench.context("heaplab_scale", tostring(wanted.scale))
    end
end

local function initialize(gbench, wanted)
    local unknown, message = gbench.initialize(wanted.benchmark)
    if not unknown then
        fail.usage("%s", message)
    elseif #unknown > 0 then
        fail.usage("google-benchmark does not know %s", table.concat(unknown, " "))
    end
end

local function run_all(gbench, failures)
    local count, message = gbench.run()
    if not count then
        fail.usage("%s", message)
    elseif count == 0 then
        fail.usage("--benchmark_filter matches none of the cases")
    elseif #failures > 0 then
        fail.usage("%s", failures[1])
    end
end

--- Runs the wanted cases.
-- @tparam table wanted from child.options
function run.run(wanted)
    local gbench = require "gbench"
    local strategy, engine = strategies.find(wanted.strategy)
    local list, failures = find_cases(wanted, strategy), {}
    initialize(gbench, wanted)
    set_context(gbench, wanted)
    local loaded = load_engine(gbench, strategy, engine, wanted)
    for _, case in ipairs(list) do
        register(gbench, case, strategy, loaded, wanted, failures)
    end
    run_all(gbench, failures)
    gbench.shutdown()
end

return run
