-- docs/workloads.md has an entry for each workload and strategy that the benchmark programs list,
-- and for no other. HEAPLAB_TEST_DOCUMENT names the page, HEAPLAB_TEST_C and HEAPLAB_TEST_LUA the
-- commands of the programs (the latter several, separated by ";").

local lu = require "luaunit"

local function setting(name)
    return (assert(os.getenv(name), name .. " is not set"))
end

-- The first column of a program's table, without the header, as keys.
local function add_listed(names, command, option)
    local pipe = assert(io.popen(command .. " " .. option))
    pipe:read("*l")
    for line in pipe:lines() do
        names[line:match("^[^\t]+")] = true
    end
    pipe:close()
    return names
end

local function listed(commands, option)
    local names = {}
    for command in setting(commands):gmatch("[^;]+") do
        add_listed(names, command, option)
    end
    lu.assertNotNil(next(names), commands .. " lists nothing")
    return names
end

-- What a pattern captures at the beginning of the lines of a "## " section, as keys.
local function documented(section, pattern)
    local names, inside = {}, false
    for line in io.lines(setting("HEAPLAB_TEST_DOCUMENT")) do
        if line:find("^## ") then
            inside = line == "## " .. section
        elseif inside and line:find(pattern) then
            names[line:match(pattern)] = true
        end
    end
    return names
end

TestDocument = {}

function TestDocument.test_workloads()
    local heading = "^### (.+)$"
    lu.assertEquals(documented("Workloads in C", heading), listed("HEAPLAB_TEST_C", "--list"))
    lu.assertEquals(documented("Workloads in Lua", heading), listed("HEAPLAB_TEST_LUA", "--list"))
end

function TestDocument.test_strategies()
    local row = "^| `([^`]+)` |"
    lu.assertEquals(documented("Strategies in C", row),
        listed("HEAPLAB_TEST_C", "--list-strategies"))
    lu.assertEquals(documented("Strategies in Lua", row),
        listed("HEAPLAB_TEST_LUA", "--list-strategies"))
end

os.exit(lu.LuaUnit.run())
