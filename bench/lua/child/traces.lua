-- Counts what LuaJIT's compiler does during a run: traces made, recordings aborted, caches flushed.

local traces = {}

--- Starts counting.
-- @treturn function ends the counting and returns the counts by counter name; empty on other VMs
function traces.count()
    if not jit then
        return function() return {} end
    end
    local counts = { start = 0, stop = 0, abort = 0, flush = 0 }
    local function note(what)
        counts[what] = counts[what] + 1
    end
    jit.attach(note, "trace")
    return function()
        jit.attach(note)
        return { traces = counts.stop, trace_aborts = counts.abort, trace_flushes = counts.flush }
    end
end

return traces
