-- Compiles the loop of a case: the workload's source, with the strategy's expressions put in.
--
-- One source for all strategies keeps the work equal; putting expressions in, where functions could
-- be called, measures what a program would have written and not the call. Everything the loop uses
-- becomes an upvalue that never changes, which LuaJIT's compiler treats as a constant.

local vm = require "child.vm"

local program = {}

local function out_of_memory(size)
    error("no memory for a blob of " .. size .. " bytes")
end

-- To compare a pointer with NULL is free in compiled code. Interpreted it is a call, 28 ns of 262
-- with ffi.gc:malloc, which rivals that make no such comparison do not pay: there it is left out.
local function refuse_null(case, strategy)
    if not strategy.null or case.values.mode == "off" then
        return ""
    end
    return " if " .. strategy.null .. " then out_of_memory(size) end"
end

local function fill(case, strategy)
    local touch = case.values.touch
    local check = refuse_null(case, strategy)
    local parts = {
        alloc = "local blob = " .. strategy.alloc .. " or out_of_memory(size)" .. check,
        touch = touch == "none" and "" or "touch(" .. strategy.pointer .. ", size)",
        free = strategy.free or "",
        realloc = strategy.realloc and strategy.realloc .. check,
    }
    return (case.definition.loop:gsub("%$(%w+)", parts))
end

local function split(locals)
    local names, values = {}, {}
    for name, value in pairs(locals) do
        table.insert(names, name)
        table.insert(values, value)
    end
    return table.concat(names, ", "), values
end

local function add(locals, more)
    for name, value in pairs(more) do
        assert(locals[name] == nil, "two meanings for " .. name)
        locals[name] = value
    end
end

--- Compiles the loop of a case.
-- @tparam table case from child.cases
-- @tparam table strategy from child.strategies
-- @tparam table opened what the strategy's open returned
-- @tparam table extra the workload's own locals
-- @treturn function loop(operations)
function program.compile(case, strategy, opened, extra)
    local locals = { size = case.values.size, slot = {}, out_of_memory = out_of_memory }
    if case.values.touch ~= "none" then
        locals.touch = vm.touch(case.values.touch, strategy.userdata)
    end
    add(locals, opened)
    add(locals, extra)
    local names, values = split(locals)
    local body = fill(case, strategy)
    local source = "local " .. names .. " = ...\nreturn function(operations)\n" .. body .. "end\n"
    return assert(load(source, "=" .. case.key))((unpack or table.unpack)(values))
end

return program
