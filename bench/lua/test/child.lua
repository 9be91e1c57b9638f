-- Starts main.lua as the runner does, with the VM named in HEAPLAB_TEST_VM.

local cjson = require "cjson"
local lfs = require "lfs"
local lu = require "luaunit"

local child = {}

local folder = arg[0]:match("^(.*)/[^/]*$") .. "/.."
local program = assert(os.getenv("HEAPLAB_TEST_VM"), "HEAPLAB_TEST_VM is not set")
local libraries = assert(os.getenv("WINHEAP_LIBDIR"), "WINHEAP_LIBDIR is not set")

child.caller = program:find("luajit") and "luajit" or "lua54"

local function take_file(path)
    local file = assert(io.open(path))
    local text = file:read("*a")
    file:close()
    os.remove(path)
    return text
end

local function quoted(words)
    local list = {}
    for _, word in ipairs(words) do
        table.insert(list, "'" .. word .. "'")
    end
    return table.concat(list, " ")
end

--- Runs main.lua.
-- @tparam {string,...} arguments
-- @tparam[opt] string before shell commands to run first, in the same process
-- @treturn int exit code
-- @treturn string what it wrote on stdout
-- @treturn string what it wrote on stderr
function child.run(arguments, before)
    local out, err = os.tmpname(), os.tmpname()
    local command = ("(%s exec %s %s/main.lua %s) >%s 2>%s; echo $?"):format(before or "", program,
        folder, quoted(arguments), out, err)
    local pipe = io.popen(command)
    local code = tonumber(pipe:read("*l"))
    pipe:close()
    return code, take_file(out), take_file(err)
end

--- Runs main.lua for a listing.
-- @treturn string the header line
-- @treturn {{string,...},...} the cells of the other lines
function child.list(...)
    local code, output, errors = child.run { ... }
    lu.assertEquals(code, 0, errors)
    local lines = {}
    for line in output:gmatch("[^\n]+") do
        local cells = {}
        for cell in line:gmatch("[^\t]+") do
            table.insert(cells, cell)
        end
        table.insert(lines, cells)
    end
    return output:match("^[^\n]*"), { select(2, unpack(lines)) }
end

--- Runs cases and reads google-benchmark's output.
-- @string strategy
-- @tparam {string,...} cases their keys
-- @param ... further arguments
-- @treturn table the decoded JSON
function child.measure(strategy, cases, ...)
    local out = os.tmpname()
    local arguments = { "--strategy=" .. strategy, "--benchmark_out=" .. out,
        "--benchmark_out_format=json", ... }
    for _, case in ipairs(cases) do
        table.insert(arguments, "--case=" .. case)
    end
    local code, _, errors = child.run(arguments)
    lu.assertEquals(code, 0, errors)
    return cjson.decode(take_file(out))
end

local function engines()
    local list = {}
    for name in lfs.dir(libraries) do
        table.insert(list, name:match("^libwinheap%-(.*)%.so$"))
    end
    return list
end

--- Names of the strategies that can run here: ENGINE stands for each library that was built.
function child.strategies()
    local list = {}
    local _, rows = child.list("--list-strategies")
    for _, row in ipairs(rows) do
        if row[1]:find("ENGINE") then
            for _, engine in ipairs(engines()) do
                table.insert(list, (row[1]:gsub("ENGINE", engine)))
            end
        else
            table.insert(list, row[1])
        end
    end
    return list
end

--- Keys of a strategy's cases.
function child.cases(strategy)
    local list = {}
    local _, rows = child.list("--list", "--strategy=" .. strategy)
    for _, row in ipairs(rows) do
        table.insert(list, row[1] .. "/" .. row[2])
    end
    return list
end

return child
