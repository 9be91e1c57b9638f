-- Which profile a case of a strategy belongs to.
--
-- `smoke` and `quick` are chosen: each case alone costs a process in every round. `nightly` has
-- the cross of workloads, sizes, touch and strategies; `full` adds what multiplies it without much
-- news.

local vm = require "child.vm"

local profiles = {}

-- Case -> the strategies in the profile, as globs: "*" stands for anything without a "+". So "*:*"
-- is every engine and library without options, and "heap:native+*" one engine's options.
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
            "heap:native", "heap:native+no_serialize", "ffi.gc:malloc", "ffi.gc:calloc",
            "ffi.gc:malloc+step", "ffi.new", "userdata:malloc", "nop",
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

-- The options of a heap are the binding's affair on one engine; on the others they repeat it.
local function repeats(case, strategy)
    local options_elsewhere = strategy:find("^heap:.*%+") and not strategy:find("^heap:native%+")
    local second_mode = case.values.mode ~= vm.mode.values[1]
    return options_elsewhere or second_mode and case.values.touch ~= "none"
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
    return repeats(case, strategy) and "full" or "nightly"
end

--- The smaller of two profiles.
function profiles.smaller(one, other)
    local order = { smoke = 1, quick = 2, nightly = 3, full = 4 }
    return order[one] <= order[other] and one or other
end

return profiles
