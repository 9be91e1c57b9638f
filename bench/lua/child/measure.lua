-- Measures one case: prepares its loop, times it, counts what the VM did meanwhile.

local cases = require "child.cases"
local cycles = require "child.cycles"
local program = require "child.program"
local traces = require "child.traces"
local vm = require "child.vm"

local measure = {}

-- Two: objects with finalizers are only freed by the collection after the one that ran them.
local function collect_all()
    collectgarbage()
    collectgarbage()
end

local function prepared_loop(case, strategy, loaded, scale)
    local locals = case.definition.locals
    local extra = locals and locals(case.values.size, scale) or {}
    local loop = program.compile(case, strategy, strategy.open(loaded), extra)
    if case.definition.prepare then
        loop(case.definition.prepare(extra))
    end
    collect_all()
    return loop
end

-- The timed region is one batch: all operations and the collections that release what they left.
local function time(state, loop, operations)
    while state:keep_running_batch(operations) do
        loop(operations)
        collect_all()
    end
end

--- Measures a case.
-- @param state google-benchmark's, from gbench
-- @tparam table case from child.cases
-- @tparam table strategy from child.strategies
-- @param loaded what the strategy's load returned
-- @number scale share of the case's operations to do
function measure.case(state, case, strategy, loaded, scale)
    vm.mode.set(case.values.mode)
    local compiler = traces.count()
    local loop = prepared_loop(case, strategy, loaded, scale)
    local collections = cycles.count()
    time(state, loop, cases.operations(case, scale))
    state:counter("gc_cycles", collections())
    for name, value in pairs(compiler()) do
        state:counter(name, value)
    end
end

return measure
