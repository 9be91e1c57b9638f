-- ffi.gc:*: a C pointer with a finalizer, what a LuaJIT program writes first.
--
-- A release is a real one, by free() or HeapFree(). :calloc clears new memory, as ffi.new does, and
-- is its fair rival. :heap takes blocks of the engine `native` without the binding; HeapFree has
-- three parameters, so its finalizer is a Lua function, as it is in any program. +step is paced by
-- hand: the collector is told of native memory, in steps of as many KiB as were allocated since the
-- last one.

local ffi = require "ffi"
local libc = require "child.libc"
local win32 = require "child.win32"

-- Bytes between two steps: of 1, 4, 16 and 64 MiB the fastest for touched blobs of 64 KiB.
local PACE = 16 * 1024 * 1024

local function open()
    return { C = libc, gc = ffi.gc }
end

local function open_paced()
    local C, gc, step, owed = libc, ffi.gc, collectgarbage, 0
    local function take(size)
        owed = owed + size
        if owed >= PACE then
            step("step", owed / 1024)
            owed = 0
        end
        return gc(C.malloc(size), C.free)
    end
    return { C = C, gc = gc, take = take }
end

local function load_engine(engine)
    return win32.load(engine or "native")
end

local function open_heap(engine)
    local heap = engine.HeapCreate(0, 0, 0)
    local function release(pointer)
        engine.HeapFree(heap, 0, pointer)
    end
    return { engine = engine, heap = heap, gc = ffi.gc, release = release }
end

return {
    {
        name = "ffi.gc:malloc",
        alloc = "gc(C.malloc(size), C.free)",
        null = "blob == nil",
        pointer = "blob",
        free = "C.free(gc(blob, nil))",
        realloc = "blob = gc(C.realloc(gc(blob, nil), size), C.free)",
        open = open,
    },
    {
        name = "ffi.gc:calloc",
        alloc = "gc(C.calloc(1, size), C.free)",
        null = "blob == nil",
        pointer = "blob",
        free = "C.free(gc(blob, nil))",
        open = open,
    },
    {
        name = "ffi.gc:heap",
        alloc = "gc(engine.HeapAlloc(heap, 0, size), release)",
        null = "blob == nil",
        pointer = "blob",
        free = "engine.HeapFree(heap, 0, gc(blob, nil))",
        realloc = "blob = gc(engine.HeapReAlloc(heap, 0, gc(blob, nil), size), release)",
        needs = "engine",
        load = load_engine,
        open = open_heap,
    },
    {
        name = "ffi.gc:malloc+step",
        alloc = "take(size)",
        null = "blob == nil",
        pointer = "blob",
        free = "C.free(gc(blob, nil))",
        realloc = "blob = gc(C.realloc(gc(blob, nil), size), C.free)",
        open = open_paced,
    },
}
