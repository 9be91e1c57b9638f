--- winheap.raw: the functions of the ABI, uncollected.
-- Pointers and handles are void *, NULL is nil, BOOL a boolean; HeapSize's failure is nil. The JIT
-- compiler makes these the bare calls.
local ffi = require "ffi"

local raw = {}

local NO_SIZE = 2 ^ 64 -- (SIZE_T)-1 as a Lua number

local function pointer_or_nil(pointer)
    if pointer ~= nil then
        return pointer
    end
end

--- The functions over one engine.
-- @param lib the engine's library
function raw.functions(lib)
    local functions = {}

    function functions.HeapCreate(options, initial, maximum)
        return pointer_or_nil(lib.HeapCreate(options, initial, maximum))
    end

    function functions.HeapDestroy(heap)
        return lib.HeapDestroy(heap) ~= 0
    end

    function functions.HeapAlloc(heap, flags, size)
        return pointer_or_nil(lib.HeapAlloc(heap, flags, size))
    end

    function functions.HeapReAlloc(heap, flags, block, size)
        return pointer_or_nil(lib.HeapReAlloc(heap, flags, block, size))
    end

    function functions.HeapFree(heap, flags, block)
        return lib.HeapFree(heap, flags, block) ~= 0
    end

    function functions.HeapSize(heap, flags, block)
        local size = tonumber(lib.HeapSize(heap, flags, block))
        if size ~= NO_SIZE then
            return size
        end
    end

    function functions.HeapValidate(heap, flags, block)
        return lib.HeapValidate(heap, flags, block) ~= 0
    end

    function functions.GetProcessHeap()
        return pointer_or_nil(lib.GetProcessHeap())
    end

    function functions.GetLastError()
        return lib.GetLastError()
    end

    function functions.SetLastError(code)
        lib.SetLastError(code)
    end

    function functions.winheap_version()
        return ffi.string(lib.winheap_version())
    end

    function functions.winheap_engine()
        return ffi.string(lib.winheap_engine())
    end

    return functions
end

return raw
