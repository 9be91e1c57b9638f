--- Runs heaplab-bench as the runner does, and hands back what it wrote.
-- @module child
local output = require "output"

local child = {}

local program = assert(os.getenv("HEAPLAB_BENCH"), "HEAPLAB_BENCH is not set")

local function contents(path)
    local file = assert(io.open(path))
    local text = file:read("*a")
    file:close()
    os.remove(path)
    return text
end

local function quote(word)
    return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- Runs heaplab-bench with these arguments and environment ("NAME=value" strings).
-- Returns exit status, stdout, stderr.
function child.run(arguments, environment)
    local words = { "env" }
    for _, setting in ipairs(environment or {}) do
        words[#words + 1] = quote(setting)
    end
    words[#words + 1] = quote(program)
    for _, argument in ipairs(arguments) do
        words[#words + 1] = quote(argument)
    end
    local out, err = os.tmpname(), os.tmpname()
    local status = os.execute(("%s >%s 2>%s"):format(table.concat(words, " "), out, err))
    return status / 256, contents(out), contents(err)
end

--- The rows of a TSV text as tables keyed by its header.
function child.rows(text)
    local rows, names = {}, nil
    for line in text:gmatch("[^\n]+") do
        local row, values = {}, {}
        for value in (line .. "\t"):gmatch("(.-)\t") do
            values[#values + 1] = value
        end
        for i, name in ipairs(names or {}) do
            row[name] = values[i]
        end
        if names then
            rows[#rows + 1] = row
        end
        names = names or values
    end
    return rows
end

--- The listed cases, as --case takes them; of one strategy and without one profile's, if given.
function child.cases(strategy, without)
    local status, text = child.run { "--list", strategy and "--strategy=" .. strategy }
    assert(status == 0, "--list failed")
    local cases = {}
    for _, row in ipairs(child.rows(text)) do
        if row.profile ~= without then
            cases[#cases + 1] = row.workload .. "/" .. row.params
        end
    end
    return cases
end

--- Measures cases; returns exit status, google-benchmark's JSON (nil on failure), stderr.
function child.measure(strategy, cases, environment, ...)
    local path = os.tmpname()
    local arguments = {
        "--strategy=" .. strategy, "--benchmark_min_time=0.0001", "--benchmark_out=" .. path, ...,
    }
    for _, case in ipairs(cases) do
        arguments[#arguments + 1] = "--case=" .. case
    end
    local status, _, err = child.run(arguments, environment)
    local result
    if status == 0 then
        result = select(2, output.read(path))
    end
    os.remove(path)
    return status, result, err
end

return child
