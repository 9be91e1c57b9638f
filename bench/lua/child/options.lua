-- The command line of main.lua.

local fail = require "child.fail"

local options = {}

options.help = [[
Benchmarks of memory released by the collector, for the VM that runs this program.

  main.lua --list [--strategy=S]    the cases (of strategy S) as TSV: workload params mode profile
  main.lua --list-strategies        the strategies as TSV: strategy profile needs
  main.lua --strategy=S [--engine=PATH] --case=WORKLOAD/PARAMS ... [--benchmark_OPTION ...]
                                    run these cases in this order

  --engine=PATH   the heap engine's library; without it the engine is found by its name
  --scale=X       do X times the usual operations (0 < X <= 1): for tests, not for results, which
                  carry heaplab_scale in their context
  --benchmark_*   google-benchmark's own options, such as --benchmark_out=FILE

Exit code 0, or 1 with one line on stderr.
]]

local function scale(text)
    local value = tonumber(text)
    if not value or not (value > 0 and value <= 1) then
        fail.usage("--scale=%s: a number above 0 and up to 1 is needed", text)
    end
    return value
end

local valued = {
    strategy = function(wanted, text) wanted.strategy = text end,
    engine = function(wanted, text) wanted.engine = text end,
    case = function(wanted, text) table.insert(wanted.cases, text) end,
    scale = function(wanted, text) wanted.scale = scale(text) end,
}

local flags = {
    ["--list"] = "list",
    ["--list-strategies"] = "list_strategies",
    ["--help"] = "help",
}

local function take(wanted, argument)
    local name, text = argument:match("^%-%-([%w]+)=(.+)$")
    if flags[argument] then
        wanted[flags[argument]] = true
    elseif valued[name] then
        valued[name](wanted, text)
    elseif argument:find("^%-%-benchmark_") then
        table.insert(wanted.benchmark, argument)
    else
        fail.usage("unknown argument %s (see --help)", argument)
    end
end

local function check_run(wanted)
    if not wanted.strategy then
        fail.usage("--strategy=S is missing (--list-strategies has the names)")
    elseif #wanted.cases == 0 then
        fail.usage("--case=WORKLOAD/PARAMS is missing (--list has the cases)")
    end
end

--- Reads the command line.
-- @tparam {string,...} arguments
-- @treturn table strategy, engine, scale, cases, benchmark (google-benchmark's options) and the
--   flags help, list and list_strategies
function options.parse(arguments)
    local wanted = { cases = {}, benchmark = {}, scale = 1 }
    for _, argument in ipairs(arguments) do
        take(wanted, argument)
    end
    if not (wanted.help or wanted.list or wanted.list_strategies) then
        check_run(wanted)
    end
    return wanted
end

return options
