-- Runs the program in docs/gbench.md (arg[1]) as it stands, and looks at what it measured.
local lu = require "luaunit"
local output = require "output"

local manual = table.remove(arg, 1)

TestManual = {}

function TestManual.test_the_example_measures_what_it_says()
    local file = assert(io.open(manual))
    local example = assert(file:read("*a"):match("```lua\n(.-)```"))
    file:close()
    local path = os.tmpname()
    local environment = setmetatable({
        arg = { "--benchmark_min_time=0.001", "--benchmark_out=" .. path },
    }, { __index = _G })
    local program
    if rawget(_G, "setfenv") then
        program = setfenv(assert(loadstring(example)), environment)
    else
        program = assert(load(example, "example", "t", environment))
    end
    program()
    local _, result = output.read(path)
    os.remove(path)
    lu.assertEquals(#result.benchmarks, 2)
    for _, n in ipairs { 10, 1000 } do
        local row = output.row(result, "example/concat/strategy=operator/n=" .. n)
        lu.assertNil(row.error_occurred)
        lu.assertTrue(row.items_per_second > 0)
    end
end

os.exit(lu.LuaUnit.run())
