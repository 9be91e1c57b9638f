-- Errors that a person can mend: one line on stderr, exit code 1, no traceback.

local fail = {}

--- Raises an error that `fail.report` prints as one line.
-- @string format as string.format takes it
-- @param ... its values
function fail.usage(format, ...)
    error({ usage = format:format(...) }, 0)
end

local function describe(problem)
    if type(problem) == "table" and problem.usage then
        return problem.usage
    end
    return debug.traceback(tostring(problem), 2)
end

--- Calls a function and turns its error into a message on stderr.
-- @tparam function body
-- @param ... its arguments
-- @treturn int the exit code: 0, or 1 after an error
function fail.report(body, ...)
    local arguments = { ... }
    local fine, message = xpcall(function() body((unpack or table.unpack)(arguments)) end, describe)
    if fine then
        return 0
    end
    io.stderr:write("bench/lua/main.lua: ", message, "\n")
    return 1
end

return fail
