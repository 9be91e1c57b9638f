-- What differs between the two VMs: their collector's settings and how a table gets a finalizer.
local vm = {}

local jit = rawget(_G, "jit") -- under Lua 5.4 there is no such global

vm.caller = jit and "luajit" or "lua54"

-- Whether a blob lives on when a finalizer brings back what held it. Lua 5.4 finalizes all that
-- died in one cycle; LuaJIT looks at cdata only after it has marked what finalizers need.
vm.keeps_resurrected = jit ~= nil

local function pass(fine, first, ...)
    if not fine and tostring(first):find "interrupted!$" then
        vm.interrupted = true -- a finalizer's error may get lost
        error(first, 0)
    end
    return fine, first, ...
end

-- pcall that lets the VM's error on Ctrl-C through.
function vm.pcall(f, ...)
    return pass(pcall(f, ...))
end

-- Has finalize(object) called when the table dies. Under LuaJIT a proxy that only the table holds
-- dies with it.
function vm.finalizer(object, finalize)
    if not jit then
        return setmetatable(object, { __gc = finalize })
    end
    local proxy = newproxy(true)
    getmetatable(proxy).__gc = function()
        finalize(object)
    end
    object.proxy = proxy
    return object
end

local function tune_luajit(random)
    collectgarbage("setpause", random(50, 400))
    collectgarbage("setstepmul", random(50, 1000))
end

local function tune_lua54(random)
    if random(1, 2) == 1 then
        collectgarbage("incremental", random(50, 400), random(50, 800), random(8, 14))
    else
        collectgarbage("generational", random(5, 100), random(20, 200))
    end
end

-- Gives the collector random settings.
vm.tune = jit and tune_luajit or tune_lua54

return vm
