--- The native heaps of this Lua state: who still needs each, and when it goes.
--
-- A record stands for one live native heap, found by an id that is never used again; a heap object
-- or a blob holds only the id. So whatever outlives its heap finds no record and is dead, in every
-- order of finalizers, at lua_close too, when finalizers run in no order at all.
--
-- Finalizers of the program may run inside the binding, and may free, resize or destroy what it is
-- just using: in the interpreter whenever an object is made (a pointer or a 64-bit integer that
-- reaches Lua is one), in compiled code whenever a trace is left. So whoever uses a blob's memory
-- pins the blob first, then checks it, then uses it; what ends a pinned blob or its heap only marks
-- it dead, and the memory goes when the pin does. A finalizer itself is never interrupted.
--
-- Addresses and handles are Lua numbers (user space ends far below 2^53): nothing to allocate.
local ffi = require "ffi"

local state = {}

local tonumber = tonumber
local collectgarbage, pcall, error = collectgarbage, pcall, error
local new, cast = ffi.new, ffi.cast
local intptr_t = ffi.typeof "intptr_t"

--- The ctype of heap objects. winheap/heap.lua gives it its methods.
state.HEAP = ffi.typeof [[struct {
    void *Handle; double InitialSize; double MaximumSize; uint32_t Options; double _id;
}]]

--- id -> record: lib, free (its HeapFree, at hand for finalizers), handle, options, initial,
-- maximum, refs, blobs, bytes, permanent.
-- refs counts the heap objects and the blobs; the native heap goes with the last.
state.records = {}
--- Collections the binding started, and releases that the engine refused.
state.counters = { collections = 0, refused = 0 }
--- The blob in use, if one is. An error raised by a finalizer may leave one behind: it is kept, and
-- the next use takes its place.
state.pinned = nil
--- Set at lua_close: what is made from then on gets no finalizer, so nothing more is made.
state.closing = false

local records, counters = state.records, state.counters
local objects = setmetatable({}, { __mode = "v" }) -- id -> the heap object, while it lives
local last_id = 0
local process_ids = {} -- library -> id of the record of its process heap
local late = {} -- records whose heap is to be destroyed when a pinned blob of theirs is let go

-- Native bytes allocated since the last collection, and how many may be before the next is due.
-- The collector does not see them: 64 KiB behind a cdata of 40 bytes would pile up by the gigabyte.
local PACE_FLOOR = 64 * 2 ^ 20
local unpaced, pace_limit = 0, PACE_FLOOR
local collecting = false

local function record_new(lib, options, initial, maximum)
    local record = {
        id = 0, lib = lib, free = lib.winheap_free, handle = 0, permanent = false,
        refs = 0, blobs = 0, bytes = 0,
        options = options, initial = initial, maximum = maximum,
    }
    last_id = last_id + 1 -- only now: a finalizer may make records while the table is made
    record.id = last_id
    records[last_id] = record
    return record
end

--- What all heaps of this Lua state hold: their number, their blobs, the blobs' bytes.
function state.sum()
    local heaps, blobs, bytes = 0, 0, 0
    for _, record in pairs(records) do
        heaps, blobs, bytes = heaps + 1, blobs + record.blobs, bytes + record.bytes
    end
    return heaps, blobs, bytes
end

local function is_pinned(record)
    return state.pinned ~= nil and math.abs(state.pinned._heap) == record.id
end

--- Ends a heap: its record, all its blobs and, unless permanent, the native heap.
-- @return true; or false and the error code
function state.destroy(record)
    local handle = record.handle
    records[record.id] = nil
    if is_pinned(record) then
        late[#late + 1] = record
        return true
    end
    record.handle = 0
    if record.permanent or record.lib.winheap_destroy(handle) ~= 0 then
        return true
    end
    counters.refused = counters.refused + 1
    return false, record.lib.GetLastError()
end

local function settle()
    local due = late
    late = {}
    for _, record in ipairs(due) do
        state.destroy(record)
    end
end

--- Pins a blob. Give what it returns to unpin.
function state.pin(blob)
    local outer = state.pinned
    state.pinned = blob
    return outer
end

--- Lets a pinned blob go.
function state.unpin(outer)
    state.pinned = outer
    if late[1] then
        settle()
    end
end

--- Gives up one reference; the last one ends the heap.
function state.release(record)
    record.refs = record.refs - 1
    if record.refs == 0 and records[record.id] then
        state.destroy(record)
    end
end

--- Counts a new blob of a heap.
function state.charge(record, bytes)
    record.refs = record.refs + 1
    record.blobs = record.blobs + 1
    record.bytes = record.bytes + bytes
end

--- Counts a blob that is gone and gives up its reference.
function state.discharge(record, bytes)
    local refs = record.refs - 1
    record.refs, record.blobs, record.bytes = refs, record.blobs - 1, record.bytes - bytes
    if refs == 0 then
        state.destroy(record)
    end
end

--- One full collection. Does nothing inside another (a finalizer may allocate), and leaves a
-- stopped collector stopped, which a full collection of LuaJIT alone would start again.
function state.collect()
    if collecting then
        return
    end
    local running = collectgarbage "isrunning"
    collecting = true
    local fine, problem = pcall(collectgarbage)
    collecting = false
    if not running then
        collectgarbage "stop"
    end
    counters.collections = counters.collections + 1
    unpaced = 0
    local _, _, live_bytes = state.sum()
    pace_limit = math.max(PACE_FLOOR, live_bytes, collectgarbage "count" * 1024)
    if not fine then
        error(problem, 0) -- of somebody's finalizer, which the collector would have raised too
    end
end

local function pace_due()
    unpaced = 0
    if collectgarbage "isrunning" then -- false in a finalizer as well
        state.collect()
    end
end

--- Counts native bytes about to be allocated, and collects when as many were allocated since the
-- last time as there are live ones, or Lua's own, or 64 MiB, whichever is most: so dead blobs never
-- hold much more than live ones, and the collector's work stays proportional to the allocations.
function state.pace(bytes)
    unpaced = unpaced + bytes
    if unpaced > pace_limit then
        pace_due()
    end
end

local NOT_ENOUGH_MEMORY = 8
local HEAP_COST = 65536 -- what a heap takes at least, beside its blobs

local function record_open(record, handle)
    if handle == 0 then
        records[record.id] = nil
        return nil, record.lib.GetLastError()
    end
    record.handle = handle
    return record
end

local function try_create(lib, options, engine_options, initial, maximum)
    -- The record first: with the native heap made, nothing may fail any more.
    local record = record_new(lib, options, initial, maximum)
    return record_open(record, tonumber(lib.winheap_create(engine_options, initial, maximum)))
end

--- Makes a native heap and its record, which nothing holds yet.
-- @return the record; or nil and the error code
function state.create(lib, options, engine_options, initial, maximum)
    state.pace(initial + HEAP_COST)
    local record, code = try_create(lib, options, engine_options, initial, maximum)
    if code == NOT_ENOUGH_MEMORY then -- dead heaps, once collected, may make room
        state.collect()
        record, code = try_create(lib, options, engine_options, initial, maximum)
    end
    return record, code
end

--- The record of an engine's process heap.
function state.process(lib)
    local record = records[process_ids[lib]]
    if record then
        return record
    end
    local handle = tonumber(lib.winheap_process_heap())
    record = record_new(lib, 0, 0, 0)
    local other = records[process_ids[lib]]
    if other then -- made by a finalizer meanwhile
        records[record.id] = nil
        return other
    end
    record.permanent = true
    process_ids[lib] = record.id
    return record_open(record, handle)
end

--- The heap object of a record: the same one as long as it lives.
function state.object(record)
    local object = objects[record.id]
    if object then
        return object
    end
    object = new(state.HEAP, cast("void *", cast(intptr_t, record.handle)), record.initial,
        record.maximum, record.options)
    if objects[record.id] then -- made by a finalizer meanwhile
        return objects[record.id]
    end
    objects[record.id] = object
    object._id = record.id
    record.refs = record.refs + 1
    return object
end

-- At lua_close LuaJIT runs the finalizers of all cdata in no order and gives none to new ones. This
-- one, alive as long as the module, ends the heaps that would be left over.
state.sentinel = ffi.gc(new "char[1]", function()
    state.closing = true
    state.unpin(nil) -- a blob left pinned by an error
    for _, record in pairs(records) do
        state.destroy(record)
    end
end)

return state
