--- Private heaps as garbage-collected objects: the Win32 heap API for LuaJIT.
--
--     local winheap = require "winheap"
--     local heap = winheap.CreateHeap()
--     local blob = heap:Alloc(1024)
--     blob = nil -- the collector returns the memory
--
-- docs/binding.md is the manual; bindings/spec/ says the same in tests.
-- @module winheap
local ffi = require "ffi"
local blob = require "winheap.blob"
local check = require "winheap.check"
local engine = require "winheap.engine"
local heap = require "winheap.heap"
local raw = require "winheap.raw"
local state = require "winheap.state"

local winheap = {
    _VERSION = "winheap 0.1.0",
    --- The ctype of heap objects, for ffi.istype.
    HEAP = heap.HEAP,
    --- The ctype of blobs, for ffi.istype.
    HeapBlob = blob.HeapBlob,

    HEAP_NO_SERIALIZE = 0x00000001,
    HEAP_GENERATE_EXCEPTIONS = 0x00000004,
    HEAP_ZERO_MEMORY = 0x00000008,
    HEAP_REALLOC_IN_PLACE_ONLY = 0x00000010,
    HEAP_CREATE_ALIGN_16 = 0x00010000,
    HEAP_CREATE_ENABLE_TRACING = 0x00020000,

    ERROR_SUCCESS = 0,
    ERROR_INVALID_HANDLE = 6,
    ERROR_NOT_ENOUGH_MEMORY = 8,
    ERROR_INVALID_PARAMETER = 87,
    ERROR_CALL_NOT_IMPLEMENTED = 120,
}

local function library(method)
    if state.closing then
        check.misuse(method, "the Lua state is closing")
    end
    return engine.library(method)
end

--- Makes a private heap.
-- @param[opt=0] initialSize bytes committed at once
-- @param[opt=0] maxSize bytes never exceeded; 0 grows without limit
-- @param[opt=0] options HEAP_NO_SERIALIZE, HEAP_ZERO_MEMORY, HEAP_GENERATE_EXCEPTIONS (its Alloc
-- and ReAlloc raise instead of returning nil), …
-- @return the heap; or nil, message, code
function winheap.CreateHeap(initialSize, maxSize, options)
    return heap.create(library "winheap.CreateHeap", initialSize, maxSize, options)
end

--- The process heap, the same object each time. It is never destroyed.
function winheap.GetProcessHeap()
    return heap.process(library "winheap.GetProcessHeap")
end

--- The handles of all live heaps of this process, others' included: the process heap's first, the
-- rest in order of creation.
-- @return an array of pointers
function winheap.GetProcessHeaps()
    local lib = library "winheap.GetProcessHeaps"
    local capacity, count = 0, lib.GetProcessHeaps(0, nil)
    local handles
    while count > capacity do -- another thread may add some in between
        capacity = count
        handles = ffi.new("void *[?]", capacity)
        count = lib.GetProcessHeaps(capacity, handles)
    end
    local result = {}
    for i = 1, count do
        result[i] = handles[i - 1]
    end
    return result
end

--- Chooses the engine, before the first heap; otherwise the environment's WINHEAP_ENGINE or
-- "native" is taken then. Raises when the engine cannot be loaded or it is too late.
-- @param name a name (libwinheap-NAME.so, in $WINHEAP_LIBDIR or where the loader looks) or a path
function winheap.use(name)
    engine.use(name, state.sum() > 0)
end

--- The names of the engines in $WINHEAP_LIBDIR or, without it, in the loader's usual folders.
-- @return a sorted array; none of them is loaded
function winheap.engines()
    return engine.names()
end

--- The engine in use, as it calls itself: "NAME VERSION BUILDID".
function winheap.engine()
    return ffi.string(library("winheap.engine").winheap_engine())
end

--- Puts CreateHeap, GetProcessHeap and the HEAP_* constants into a table, as in install(_G).
-- @return the table
function winheap.install(target)
    if type(target) ~= "table" then
        check.misuse("winheap.install", "target must be a table")
    end
    for name, value in pairs(winheap) do
        if type(value) == "number" and name:find "^HEAP_" then
            target[name] = value
        end
    end
    target.CreateHeap = winheap.CreateHeap
    target.GetProcessHeap = winheap.GetProcessHeap
    return target
end

--- What this Lua state holds and what its collector did for it.
-- @return a table: heaps, blobs (live), bytes (the sum of the blobs' sizes), collections (started
-- by the binding), refused (releases that the engine refused; not 0 means a damaged heap)
function winheap.Stats()
    local heaps, blobs, bytes = state.sum()
    return {
        heaps = heaps, blobs = blobs, bytes = bytes,
        collections = state.counters.collections, refused = state.counters.refused,
    }
end

local raw_functions = {} -- engine library -> its functions

--- The engine's functions, uncollected: raw.HeapAlloc(handle, flags, n) and so on. A pointer or
-- nil, a boolean, a number.
-- @table raw
winheap.raw = setmetatable({}, {
    __index = function(_, name)
        local lib = library "winheap.raw"
        raw_functions[lib] = raw_functions[lib] or raw.functions(lib)
        return raw_functions[lib][name]
    end,
})

return winheap
