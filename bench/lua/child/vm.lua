-- The VM that runs this program: its name as a caller, and how its collector or compiler is set.

local vm = {}

--- The caller's name in case keys.
vm.name = jit and "luajit" or "lua54"

--- The parameter that a case of this VM carries: name, values in listing order, and its setter.
if jit then
    vm.mode = {
        name = "jit",
        values = { "on", "off" },
        set = function(value) jit[value]() end,
    }
else
    vm.mode = {
        name = "gc",
        values = { "incremental", "generational" },
        set = function(value) collectgarbage(value) end,
    }
end

-- The module as a C library; kept, for its functions live no longer than it is loaded.
local touch_library

-- LuaJIT does not compile the conversion of userdata to a C pointer, so that memory which is
-- userdata is touched as a C module does it there too.
local function touch_by_ffi(kind)
    local ffi = require "ffi"
    ffi.cdef "void heaplab_touch_page(void *, size_t); void heaplab_touch_all(void *, size_t);"
    touch_library = ffi.load(package.searchpath("heaplab_userdata", package.cpath))
    return touch_library["heaplab_touch_" .. kind]
end

--- The function touch(pointer, size) of a kind; behind it is the same C code for every strategy.
-- @string kind "page" or "all"
-- @bool userdata the strategy's pointers are userdata, light or full
function vm.touch(kind, userdata)
    if jit and not userdata then
        return touch_by_ffi(kind)
    end
    return require("heaplab_userdata")["touch_" .. kind]
end

return vm
