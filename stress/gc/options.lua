-- The command line of stress/gc.lua.
local options = {}

local HELP = [[
usage: luajit|lua5.4 stress/gc.lua [options]

Storms of Alloc, ReAlloc, Free, drops and Destroy with random collector settings; every byte of
every payload is checked.

  --engine=NAME|PATH  the engine (default: $WINHEAP_ENGINE, or native)
  --seed N            the first seed of everything random (default: the time)
  --ops N             stop after N operations
  --seconds S         stop after S seconds of CPU time (default: 10)
  --json FILE         write what happened, with a timeline
  --progress          a line on stderr every second
  --plant NAME        plant a fault that must be found: ]]

local KINDS = {
    engine = "text", seed = "number", ops = "number", seconds = "number", json = "text",
    plant = "text", progress = "switch", help = "switch",
}

local function usage(format, ...)
    io.stderr:write("gc.lua: ", format:format(...), "; see --help\n")
    os.exit(1)
end

local function value_of(name, value)
    if KINDS[name] == "text" then
        return value
    end
    local number = tonumber(value)
    if not number or number < 0 or name ~= "seconds" and number % 1 ~= 0 then
        usage("--%s: '%s' is not a number that fits", name, value)
    end
    return number
end

-- Reads the arguments into a table; ends the program on --help or what it does not know.
function options.parse(arguments, plants)
    local parsed, i = {}, 1
    while arguments[i] do
        local name, value = arguments[i]:match "^%-%-([%w-]+)=?(.*)$"
        local kind = KINDS[name]
        if not kind then
            usage("unknown argument '%s'", arguments[i])
        elseif kind == "switch" then
            parsed[name] = true
        elseif arguments[i]:find("=", 1, true) then
            parsed[name] = value_of(name, value)
        else
            i = i + 1
            parsed[name] = value_of(name, arguments[i] or usage("--%s needs a value", name))
        end
        i = i + 1
    end
    if parsed.help then
        print(HELP .. table.concat(plants, ", "))
        os.exit(0)
    end
    parsed.seed = parsed.seed or os.time() % 2 ^ 31
    parsed.seconds = parsed.seconds or not parsed.ops and 10 or nil
    return parsed
end

return options
