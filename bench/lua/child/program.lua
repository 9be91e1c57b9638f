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

local function fill(workload, strategy, touch)
    local parts = {
        alloc = strategy.alloc .. " or out_of_memory(size)",
        touch = touch == "none" and "" or "touch(" .. strategy.pointer .. ", size)",
        free = strategy.free or "",
        realloc = strategy.realloc,
    }
    return (workload.loop:gsub("%$(%w+)", parts))
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
    local body = fill(case.definition, strategy, case.values.touch)
    local source = "local " .. names .. " = ...\nreturn function(operations)\n" .. body .. "end\n"
    return assert(load(source, "=" .. case.key))((unpack or table.unpack)(values))
end

return program
