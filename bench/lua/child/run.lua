-- Runs cases of one strategy as google benchmarks.

local cases = require "child.cases"
local fail = require "child.fail"
local measure = require "child.measure"
local proof = require "child.proof"
local strategies = require "child.strategies"
local vm = require "child.vm"

local run = {}

-- What ended a case, in words. What the case held may be all the memory there was, and while it is
-- collected a finalizer may raise once more.
local function describe(problem)
    pcall(collectgarbage)
    return tostring(problem)
end

-- An error ends the case, and the process in the end: the library would only note it in its output.
-- A case counts as failed from its start until it is done: after an error there may be no memory
-- left to note it in.
local function register(gbench, case, strategy, loaded, wanted, outcomes)
    local outcome = { key = case.key, failure = false }
    table.insert(outcomes, outcome)
    gbench.register {
        key = ("%s/%s/strategy=%s/%s"):format(vm.name, case.workload, wanted.strategy, case.params),
        iterations = cases.operations(case, wanted.scale),
        fn = function(state)
            outcome.failure = "ended by an error"
            local fine, problem = pcall(measure.case, state, case, strategy, loaded, wanted.scale)
            outcome.failure = not fine and describe(problem)
            if not fine then
                state:skip(outcome.failure)
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
    local list, seen = {}, {}
    for _, key in ipairs(wanted.cases) do
        if seen[key] then
            fail.usage("--case=%s is given twice", key)
        end
        seen[key] = true
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

local function run_all(gbench, outcomes)
    local count, message = gbench.run()
    if not count then
        fail.usage("%s", message)
    elseif count == 0 then
        fail.usage("--benchmark_filter matches none of the cases")
    end
    for _, outcome in ipairs(outcomes) do
        if outcome.failure then
            fail.usage("%s: %s", outcome.key, outcome.failure)
        end
    end
end

--- Runs the wanted cases.
-- @tparam table wanted from child.options
function run.run(wanted)
    local gbench = require "gbench"
    local strategy, engine = strategies.find(wanted.strategy)
    local list, outcomes = find_cases(wanted, strategy), {}
    initialize(gbench, wanted)
    set_context(gbench, wanted)
    local loaded = load_engine(gbench, strategy, engine, wanted)
    for _, case in ipairs(list) do
        register(gbench, case, strategy, loaded, wanted, outcomes)
    end
    run_all(gbench, outcomes)
    gbench.shutdown()
end

return run
