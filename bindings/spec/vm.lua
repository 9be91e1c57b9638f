-- What the specification needs to know of the VM it runs on, and how to start another one.
local vm = {}

-- rawget: under Lua 5.4 there is no such global.
vm.jit = rawget(_G, "jit")

local settings = {
    ["--jit=off"] = vm.jit and vm.jit.off,
    ["--gc=incremental"] = not vm.jit and function() collectgarbage "incremental" end,
    ["--gc=generational"] = not vm.jit and function() collectgarbage "generational" end,
}

local chosen = {}

-- Applies an option of the VM; false if it is none.
function vm.set(option)
    local apply = settings[option]
    if not apply then
        return false
    end
    apply()
    chosen[#chosen + 1] = option
    return true
end

local function quoted(word)
    return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function interpreter()
    local lowest = 0
    while arg[lowest - 1] do
        lowest = lowest - 1
    end
    return arg[lowest]
end

-- Runs a program of this folder on the same VM with the same options.
-- Returns its output (both streams) and its exit code; 128 + n when signal n ended it.
function vm.run(program, arguments, environment)
    local words = { environment or "", quoted(interpreter()) }
    local here = arg[0]:match "^(.*)/" or "."
    words[#words + 1] = quoted(here .. "/" .. program)
    for _, list in ipairs { chosen, arguments or {} } do
        for _, word in ipairs(list) do
            words[#words + 1] = quoted(tostring(word))
        end
    end
    local pipe = assert(io.popen("{ " .. table.concat(words, " ") .. "; } 2>&1; echo \"=$?\""))
    local output = pipe:read "*a"
    pipe:close()
    local text, code = output:match "^(.*)=(%d+)\n$"
    return text, tonumber(code)
end

-- Collects until nothing more can come: objects held by finalized ones take a cycle each.
function vm.collect()
    for _ = 1, 4 do
        collectgarbage()
    end
end

-- Gives a table a finalizer, on both VMs. The table must be kept by the caller alone.
function vm.finalizer(object, finalize)
    if not vm.jit then
        return setmetatable(object, { __gc = finalize })
    end
    local proxy = newproxy(true)
    getmetatable(proxy).__gc = function()
        finalize(object)
    end
    object.proxy = proxy
    return object
end

return vm
