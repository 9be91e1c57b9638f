--- Heaps: a private heap as an object; its blobs keep the memory, the object need not be kept.
--
-- Fields: Handle (void *, NULL once destroyed), Options, InitialSize, MaximumSize (bytes, as given
-- to CreateHeap).
-- @classmod Heap
local ffi = require "ffi"
local blob = require "winheap.blob"
local check = require "winheap.check"
local state = require "winheap.state"

local istype, cast, tonumber = ffi.istype, ffi.cast, tonumber
local records = state.records
local misuse = check.misuse

local NOT_ENOUGH_MEMORY = 8
local NO_SIZE = 2 ^ 64 -- (SIZE_T)-1 as a Lua number
local DESTROYED = "the heap was destroyed"

local HEAP = state.HEAP
local intptr_t = ffi.typeof "intptr_t"

local Heap = {}
local heap = { HEAP = HEAP }

local function expect_heap(self, method)
    if not istype(HEAP, self) then
        misuse(method, "expected a heap, got " .. type(self))
    end
end

local function live(self, method)
    expect_heap(self, method)
    local record = records[self._id]
    if not record then
        misuse(method, DESTROYED)
    end
    return record
end

-- Takes a block for an empty blob. A finalizer may destroy the heap at any time before that: then
-- the engine refuses, or the blob is born dead.
local function take(target, record, flags, bytes)
    local address = tonumber(record.lib.winheap_alloc(record.handle, flags, bytes))
    return address ~= 0 and blob.own(target, record, address, bytes)
end

-- Whether the dead blobs, once collected, made room for what has just failed.
local function take_again(target, record, flags, bytes)
    if record.lib.GetLastError() ~= NOT_ENOUGH_MEMORY then
        return false
    end
    state.collect()
    return take(target, record, flags, bytes)
end

--- Allocates a blob.
-- @param bytes default 1; 0 gives a blob of size 0
-- @param flags HEAP_ZERO_MEMORY, HEAP_GENERATE_EXCEPTIONS (raise instead of nil), …
-- @return the blob; or nil, message, code
function Heap:Alloc(bytes, flags)
    bytes = bytes == nil and 1 or check.size(bytes, "Heap:Alloc")
    flags = check.flags(flags, "Heap:Alloc")
    expect_heap(self, "Heap:Alloc")
    state.pace(bytes)
    local engine_flags = check.engine_flags(flags)
    local empty = blob.new()
    local record = live(self, "Heap:Alloc")
    local full = take(empty, record, engine_flags, bytes)
        or take_again(empty, record, engine_flags, bytes)
    live(self, "Heap:Alloc") -- again; and so the heap object lives until the blob holds the heap
    if full then
        return full
    end
    local raises = check.raises(flags) or check.raises(record.options)
    return check.failure("Heap:Alloc", record.lib.GetLastError(), raises)
end

--- Makes a blob of a block that this heap gave to a raw call or to C. The block must not have a
-- blob already: each would free it.
-- @param block its address, a pointer
-- @return the blob; or nil, message, code when it is no live block of this heap
function Heap:Adopt(block)
    if type(block) ~= "cdata" or block == nil then
        misuse("Heap:Adopt", "block must be a pointer")
    end
    local fine, address = pcall(cast, intptr_t, cast("const void *", block))
    if not fine then
        misuse("Heap:Adopt", "block must be a pointer")
    end
    local empty = blob.new()
    local record = live(self, "Heap:Adopt")
    address = tonumber(address)
    local bytes = tonumber(record.lib.winheap_size(record.handle, 0, address))
    if bytes == NO_SIZE then
        return check.failure("Heap:Adopt", record.lib.GetLastError())
    end
    blob.own(empty, record, address, bytes)
    live(self, "Heap:Adopt") -- again; and so the heap object lives until the blob holds the heap
    return empty
end

--- Whether the heap is alive and the engine finds it consistent.
-- @param flags HEAP_NO_SERIALIZE
function Heap:IsValid(flags)
    expect_heap(self, "Heap:IsValid")
    flags = check.engine_flags(check.flags(flags, "Heap:IsValid"))
    local record = records[self._id]
    return record ~= nil and record.lib.winheap_validate(record.handle, flags, 0) ~= 0
end

--- What the heap holds.
-- @return a table: blobs (live ones), bytes (the sum of their sizes)
function Heap:Stats()
    local record = live(self, "Heap:Stats")
    return { blobs = record.blobs, bytes = record.bytes }
end

local function forget(self)
    self._id, self.Handle = 0, nil
end

--- Destroys the heap: all its blobs are dead at once. Harmless when that has already happened.
-- @return true; or nil, message, code for the process heap, which stays as it was
function Heap:Destroy()
    expect_heap(self, "Heap:Destroy")
    local record = records[self._id]
    if not record then
        forget(self)
        return true
    elseif record.permanent then
        record.lib.winheap_destroy(record.handle) -- refuses, and leaves the reason
        return check.failure("Heap:Destroy", record.lib.GetLastError())
    end
    forget(self)
    local gone, code = state.destroy(record)
    if not gone then
        return check.failure("Heap:Destroy", code)
    end
    return true
end

--- The same as Destroy.
-- @function Heap.close
Heap.close = Heap.Destroy

local metatable = {}

function metatable.__new()
    misuse("HEAP", "heaps come from winheap.CreateHeap")
end

function metatable.__index(_, key)
    return Heap[key]
end

-- The object goes; the native heap stays until its last blob goes too.
function metatable.__gc(self)
    local record = records[self._id]
    forget(self)
    if record then
        state.release(record)
    end
end

function metatable.__len(self)
    local record = records[self._id]
    return record and record.blobs or 0
end

function metatable.__tostring(self)
    local record = records[self._id]
    if not record then
        return "HEAP: destroyed"
    end
    return ("HEAP: 0x%012x with %d blobs"):format(record.handle, record.blobs)
end

ffi.metatype(HEAP, metatable)

local function object_or_failure(record, code, method)
    if not record then
        return check.failure(method, code)
    end
    return state.object(record)
end

--- Makes a private heap.
-- @return the heap; or nil, message, code
function heap.create(lib, initial, maximum, options)
    local method = "winheap.CreateHeap"
    initial = initial == nil and 0 or check.size(initial, method, "initialSize")
    maximum = maximum == nil and 0 or check.size(maximum, method, "maxSize")
    options = check.flags(options, method, "options")
    local engine_options = check.engine_flags(options)
    local record, code = state.create(lib, options, engine_options, initial, maximum)
    return object_or_failure(record, code, method)
end

--- The object of the process heap.
function heap.process(lib)
    local record, code = state.process(lib)
    return object_or_failure(record, code, "winheap.GetProcessHeap")
end

return heap
