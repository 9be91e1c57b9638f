-- The cases: each workload by size, touch and the VM's mode.

local fail = require "child.fail"
local vm = require "child.vm"

local cases = {}

local touches = { "none", "page", "all" }

local function new_case(workload, definition, operations, touch, mode)
    local params = ("size=%d/touch=%s/%s=%s"):format(operations[1], touch, vm.mode.name, mode)
    return {
        workload = workload,
        definition = definition,
        operations = operations[2],
        values = { size = operations[1], touch = touch, mode = mode },
        params = params,
        key = workload .. "/" .. params,
    }
end

local function add_workload(list, name)
    local definition = require("workloads." .. name)
    for _, operations in ipairs(definition.operations) do
        for _, touch in ipairs(touches) do
            for _, mode in ipairs(vm.mode.values) do
                table.insert(list, new_case(name, definition, operations, touch, mode))
            end
        end
    end
end

--- Every case of this VM, in listing order.
-- @treturn {table,...} with workload, definition, operations, values (size, touch, mode), params
--   and key (workload/params)
function cases.all()
    local list = {}
    for _, name in ipairs(require "workloads") do
        add_workload(list, name)
    end
    return list
end

--- Can the strategy do this case?
function cases.supported(case, strategy)
    local needs = case.definition.needs
    return not needs or strategy[needs] ~= nil
end

--- Finds a case by its key. One that does not exist, or that the strategy cannot do, is a usage
-- error.
-- @string key WORKLOAD/PARAMS
-- @tparam table strategy
-- @string strategy_name
-- @treturn table the case
function cases.find(key, strategy, strategy_name)
    for _, case in ipairs(cases.all()) do
        if case.key == key and cases.supported(case, strategy) then
            return case
        end
    end
    fail.usage("unknown case %s of %s (--list --strategy=%s has the names)", key, strategy_name,
        strategy_name)
end

--- How often the loop runs: the case's operations by the scale, in the workload's units.
function cases.operations(case, scale)
    local unit = case.definition.unit and case.definition.unit(case.values.size) or 1
    return math.max(1, math.floor(case.operations * scale / unit)) * unit
end

return cases
