-- Which profile a case of a strategy belongs to.
--
-- `smoke` and `quick` are chosen: each case alone costs a process in every round. `full` is the
-- whole cross of workloads, sizes, touch, modes and strategies, and `nightly` what of it fits into
-- a night and its many rounds.

local vm = require "child.vm"

local profiles = {}

-- Case -> the strategies in the profile, as globs: "*" stands for anything without a "+". So
-- "heap:*" is every engine without options, and "heap:native+*" one engine's options.
local smoke = {
    luajit = {
        ["drop/size=64/touch=none/jit=on"] = { "heap:*", "ffi.gc:malloc", "nop" },
        ["explicit/size=64/touch=none/jit=on"] = { "heap:native", "ffi.gc:malloc", "nop" },
    },
    lua54 = {
        ["drop/size=64/touch=none/gc=incremental"] = { "heap:*", "userdata:malloc", "nop" },
        ["explicit/size=64/touch=none/gc=incremental"] = {
            "heap:native", "userdata:malloc", "nop",
        },
    },
}

local quick = {
    luajit = {
        ["drop/size=64/touch=none/jit=on"] = {
            "heap:*", "heap:native+*", "ffi.gc:*", "ffi.gc:malloc+step", "metatype:native",
            "pool:malloc", "ffi.new", "userdata:*", "nop", "floor",
        },
        ["drop/size=64/touch=none/jit=off"] = { "heap:native", "ffi.gc:malloc", "nop" },
        ["drop/size=65536/touch=page/jit=on"] = {
            "heap:native", "ffi.gc:malloc", "ffi.gc:calloc", "ffi.gc:malloc+step", "ffi.new",
            "userdata:malloc", "nop",
        },
        ["explicit/size=64/touch=none/jit=on"] = {
            "heap:native", "heap:native+no_serialize", "ffi.gc:malloc", "metatype:native",
            "pool:malloc", "userdata:malloc", "nop", "floor",
        },
        ["realloc/size=65536/touch=none/jit=on"] = {
            "heap:native", "ffi.gc:malloc", "ffi.new", "userdata:malloc", "nop",
        },
        ["live/size=64/touch=none/jit=on"] = { "heap:native", "ffi.gc:malloc", "nop" },
    },
    lua54 = {
        ["drop/size=64/touch=none/gc=incremental"] = {
            "heap:*", "heap:native+*", "userdata:*", "pool:malloc", "nop", "floor",
        },
        ["drop/size=64/touch=none/gc=generational"] = {
            "heap:native", "userdata:*", "nop", "floor",
        },
        ["drop/size=65536/touch=page/gc=incremental"] = { "heap:native", "userdata:*", "nop" },
        ["explicit/size=64/touch=none/gc=incremental"] = {
            "heap:native", "userdata:malloc", "pool:malloc", "nop",
        },
        ["realloc/size=65536/touch=none/gc=incremental"] = {
            "heap:native", "userdata:*", "nop",
        },
        ["live/size=64/touch=none/gc=incremental"] = { "heap:native", "userdata:malloc", "nop" },
    },
}

local function matches(name, globs)
    for _, glob in ipairs(globs or {}) do
        local pattern = glob:gsub("[%p]", "%%%0"):gsub("%%%*", "[^+]*")
        if name:find("^" .. pattern .. "$") then
            return true
        end
    end
    return false
end

local PAGE = 4096

-- The binding on another engine, with options, and the obvious port of it show little that the same
-- on the engine `native` does not.
local function repeats_strategy(name)
    local elsewhere = name:find(":", 1, true) and not name:find(":native", 1, true)
    return elsewhere and (name:find("^heap:.*%+") or name:find("^metatype:")) and true or false
end

-- Touch and the VM's second mode matter most where the collector releases; there they are crossed
-- with every size, except that a page's first byte is all of a small blob that `page` reaches.
local function repeats_case(case)
    local size, touch = case.values.size, case.values.touch
    local second_mode = case.values.mode ~= vm.mode.values[1]
    if case.workload == "drop" then
        return second_mode and touch ~= "none" or touch == "page" and size < PAGE
    end
    local smallest = case.definition.operations[1][1]
    return second_mode or touch == "page" or touch == "all" and size > smallest
end

--- The smallest profile that has a case of a strategy.
-- @tparam table case from child.cases
-- @string strategy its name with the engine's name filled in
-- @treturn string smoke, quick, nightly or full
function profiles.of(case, strategy)
    if matches(strategy, smoke[vm.name][case.key]) then
        return "smoke"
    elseif matches(strategy, quick[vm.name][case.key]) then
        return "quick"
    end
    return (repeats_strategy(strategy) or repeats_case(case)) and "full" or "nightly"
end

--- The smaller of two profiles.
function profiles.smaller(one, other)
    local order = { smoke = 1, quick = 2, nightly = 3, full = 4 }
    return order[one] <= order[other] and one or other
end

return profiles
