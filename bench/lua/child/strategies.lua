-- Finds strategies by name in the table of families (strategies.lua).

local fail = require "child.fail"
local vm = require "child.vm"

local strategies = {}

--- The strategies of this VM in listing order, names with ENGINE as they are.
-- @treturn {table,...}
function strategies.all()
    local list = {}
    for _, family in ipairs(require "strategies") do
        if not family.vm or family.vm == vm.name then
            for _, strategy in ipairs(require("strategies." .. family.file)) do
                table.insert(list, strategy)
            end
        end
    end
    return list
end

-- The engine's name if `name` is `template` with ENGINE filled in; "" if the two are the same.
local function engine_in(template, name)
    local pattern = template:gsub("%p", "%%%0"):gsub("ENGINE", "([^+/=]+)")
    local found = name:match("^" .. pattern .. "$")
    return found == name and "" or found
end

local function names()
    local list = {}
    for _, strategy in ipairs(strategies.all()) do
        table.insert(list, strategy.name)
    end
    return table.concat(list, ", ")
end

--- Finds a strategy by the name that a case key gives it; an unknown one is a usage error.
-- @string name such as "heap:native+max"
-- @treturn table the strategy
-- @treturn ?string the engine's name if the strategy has one
function strategies.find(name)
    for _, strategy in ipairs(strategies.all()) do
        local engine = engine_in(strategy.name, name)
        if engine and engine ~= "ENGINE" then
            return strategy, engine ~= "" and engine or nil
        end
    end
    fail.usage("unknown strategy %s; %s has: %s", name, vm.name, names())
end

return strategies
