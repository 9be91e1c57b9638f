--- Reads what google-benchmark wrote, strictly: NaN and Infinity are errors.
-- @module output
local cjson = require "cjson.safe"

local output = {}

local decoder = cjson.new()
decoder.decode_invalid_numbers(false)

--- Reads the file at path; returns the JSON's text and value.
function output.read(path)
    local file = assert(io.open(path))
    local text = file:read("*a")
    file:close()
    return text, assert(decoder.decode(text))
end

--- The single runs of the benchmark with this name, in order.
function output.runs(result, name)
    local runs = {}
    for _, row in ipairs(result.benchmarks) do
        if row.name == name and row.run_type == "iteration" then
            runs[#runs + 1] = row
        end
    end
    return runs
end

--- The row of this exact name, or nil.
function output.row(result, name)
    for _, row in ipairs(result.benchmarks) do
        if row.name == name then
            return row
        end
    end
    return nil
end

return output
