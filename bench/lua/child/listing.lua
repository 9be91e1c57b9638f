-- What main.lua can run, as tab-separated tables.

local cases = require "child.cases"
local profiles = require "child.profiles"
local strategies = require "child.strategies"

local listing = {}

-- A template stands for the strategy of the project's own engine, which has the most cases.
local function example(template)
    return (template:gsub("ENGINE", "native"))
end

local function smallest_profile(list, strategy)
    local smallest = "full"
    for _, case in ipairs(list) do
        if cases.supported(case, strategy) then
            smallest = profiles.smaller(smallest, profiles.of(case, example(strategy.name)))
        end
    end
    return smallest
end

--- Writes the table of strategies.
-- @tparam file out
function listing.strategies(out)
    out:write("strategy\tprofile\tneeds\n")
    local list = cases.all()
    for _, strategy in ipairs(strategies.all()) do
        local profile = smallest_profile(list, strategy)
        out:write(("%s\t%s\t%s\n"):format(strategy.name, profile, strategy.needs or "-"))
    end
end

local function profile_of_any(case)
    local smallest = "full"
    for _, strategy in ipairs(strategies.all()) do
        if cases.supported(case, strategy) then
            smallest = profiles.smaller(smallest, profiles.of(case, example(strategy.name)))
        end
    end
    return smallest
end

--- Writes the table of cases.
-- @tparam file out
-- @tparam ?string name only this strategy's cases, with its profiles; without it every case, with
--   the smallest profile of any strategy
function listing.cases(out, name)
    local strategy = name and strategies.find(name)
    out:write("workload\tparams\tmode\tprofile\n")
    for _, case in ipairs(cases.all()) do
        if not strategy or cases.supported(case, strategy) then
            local profile = strategy and profiles.of(case, name) or profile_of_any(case)
            out:write(("%s\t%s\talone\t%s\n"):format(case.workload, case.params, profile))
        end
    end
end

return listing
