--- Blobs: one block of a heap each, as an object that the collector releases.
--
-- A blob holds numbers only (see state.lua): the id of its heap, the block's address and its size.
-- Id 0 is a blob that was released; a negative id one that a finalizer freed while it was pinned.
-- Address 0 is a blob whose block is just being resized.
-- @classmod Blob
local ffi = require "ffi"
local bit = require "bit"
local check = require "winheap.check"
local pack = require "winheap.pack"
local state = require "winheap.state"

ffi.cdef [[
void winheap_move_in(intptr_t, const void *, size_t) __asm__("memmove");
void winheap_move_out(void *, intptr_t, size_t) __asm__("memmove");
void winheap_set(intptr_t, int, size_t) __asm__("memset");
size_t winheap_length(intptr_t, size_t) __asm__("strnlen");
]]

local ffi_gc = ffi.gc
local C, cast, istype, new, string_of = ffi.C, ffi.cast, ffi.istype, ffi.new, ffi.string
local records, counters = state.records, state.counters
local size_of, misuse = check.size, check.misuse
local abs = math.abs

local IN_PLACE_ONLY = 0x10
local NOT_ENOUGH_MEMORY = 8
local BUSY = 170 -- a finalizer would take a block away from what it interrupts
local DEAD = "the blob was freed or its heap destroyed"
local BAD_SOURCE = "source must be a string, a blob or a pointer"

local HeapBlob = ffi.typeof "struct { double _heap; double _address; double _size; }"
local pointer_t, intptr_t = ffi.typeof "void *", ffi.typeof "intptr_t"
local bytes_t = ffi.typeof "const char *"

local Blob = {}
local blob = { HeapBlob = HeapBlob, methods = Blob }

local function is_live(self)
    return records[self._heap] ~= nil and self._address ~= 0
end

local function live(self, method)
    if not istype(HeapBlob, self) then
        misuse(method, "expected a blob, got " .. type(self))
    elseif not is_live(self) then
        misuse(method, DEAD)
    end
    return records[self._heap]
end

-- The address of n bytes at offset, and n; nil means 0 and the rest. Or nil and what is wrong.
local function range(self, offset, n)
    if not is_live(self) then
        return nil, DEAD
    end
    offset = offset or 0
    local rest = self._size - offset
    if rest < 0 then
        return nil, "offset is past the end"
    elseif n and n > rest then
        return nil, "range is past the end"
    end
    return self._address + offset, n or rest
end

-- Releases the block and the blob's hold on its heap. Idempotent. It is the finalizer too, where
-- it runs interpreted and each access to a field costs: so it has few.
-- @return false if the engine refused the free
local function release(self)
    local record, address = records[abs(self._heap)], self._address
    self._heap = 0
    if not record then
        return true
    end
    local freed = address == 0 or record.free(record.handle, 0, address) ~= 0
    if not freed then
        counters.refused = counters.refused + 1
    end
    state.discharge(record, self._size)
    return freed
end

-- Ends the use of a blob, and the blob if a finalizer freed it meanwhile.
local function unpin(self, outer)
    state.unpin(outer)
    if self._heap < 0 and state.pinned ~= self then
        release(self)
    end
end

-- Calls use(address, n, argument) on n bytes at offset, which stay where they are for so long.
-- @return what use returns
local function access(self, method, use, offset, n, argument)
    if not istype(HeapBlob, self) then
        misuse(method, "expected a blob, got " .. type(self))
    end
    offset = offset ~= nil and size_of(offset, method, "offset") or nil
    n = n ~= nil and size_of(n, method, "length") or nil
    local outer = state.pin(self)
    local address, count = range(self, offset, n)
    local result = address and use(address, count, argument)
    unpin(self, outer)
    if not address then
        misuse(method, count)
    end
    return result
end

--- A blob with nothing in it. Made before its block: making it may run the collector.
function blob.new()
    return new(HeapBlob)
end

--- Gives an empty blob its block.
function blob.own(self, record, address, bytes)
    self._heap, self._address, self._size = record.id, address, bytes
    state.charge(record, bytes)
    return self
end

--- The size in bytes, exactly as last asked for.
function Blob:Size()
    live(self, "Blob:Size")
    return self._size
end

--- Whether the blob still has its memory: false after Free, Detach and the heap's Destroy.
function Blob:IsValid()
    if not istype(HeapBlob, self) then
        misuse("Blob:IsValid", "expected a blob, got " .. type(self))
    end
    return is_live(self)
end

-- Resizes a pinned blob. While the engine is at it the blob has no address, for the old one is void
-- before the new one is known: a finalizer that uses it then gets an error.
local function resize_pinned(self, record, flags, bytes)
    local address, size = self._address, self._size
    self._address = 0
    local moved = tonumber(record.lib.winheap_realloc(record.handle, flags, address, bytes))
    if moved == 0 then
        self._address = address
        return false
    end
    self._address, self._size = moved, bytes
    record.bytes = record.bytes + bytes - size
    return true
end

local function resize(self, flags, bytes)
    local outer = state.pin(self)
    local record = is_live(self) and records[self._heap]
    local resized = record and resize_pinned(self, record, flags, bytes)
    unpin(self, outer)
    live(self, "Blob:ReAlloc")
    return resized
end

-- Whether the dead blobs, once collected, made room for what has just failed.
local function resize_again(self, lib, flags, bytes)
    if lib.GetLastError() ~= NOT_ENOUGH_MEMORY or bit.band(flags, IN_PLACE_ONLY) ~= 0 then
        return false
    end
    state.collect()
    return resize(self, flags, bytes)
end

--- Changes the size; the contents stay up to the smaller one, the address may change.
-- @param bytes the new size; 0 keeps a blob of size 0
-- @param flags HEAP_REALLOC_IN_PLACE_ONLY, HEAP_ZERO_MEMORY (new bytes are zero), …
-- @return true; or nil, message, code, with the blob as it was
function Blob:ReAlloc(bytes, flags)
    live(self, "Blob:ReAlloc")
    bytes = size_of(bytes, "Blob:ReAlloc")
    flags = check.flags(flags, "Blob:ReAlloc")
    if state.pinned == self then -- as in Free
        return check.failure("Blob:ReAlloc", BUSY)
    end
    state.pace(math.max(0, bytes - self._size))
    local record = live(self, "Blob:ReAlloc") -- again: the pace may have run finalizers
    local engine_flags = check.engine_flags(flags)
    if resize(self, engine_flags, bytes)
        or resize_again(self, record.lib, engine_flags, bytes) then
        return true
    end
    local raises = check.raises(flags) or check.raises(record.options)
    return check.failure("Blob:ReAlloc", record.lib.GetLastError(), raises)
end

--- Returns the memory now. Harmless when that has already happened.
-- @return true; or nil, message, code if the engine refused it (the blob is dead all the same)
function Blob:Free()
    if not istype(HeapBlob, self) then
        misuse("Blob:Free", "expected a blob, got " .. type(self))
    elseif state.pinned == self then -- this is a finalizer, which interrupts a use of the blob
        self._heap = -abs(self._heap)
        return true
    end
    local record = records[self._heap]
    local outer = state.pin(self)
    local freed = release(self)
    state.unpin(outer)
    ffi_gc(self, nil) -- nothing is left to finalize
    if freed then
        return true
    end
    return check.failure("Blob:Free", record.lib.GetLastError())
end

local function pointer(address, _, ctype)
    return cast(ctype, cast(intptr_t, address))
end

local function take(address, _, self)
    local result = pointer(address, nil, pointer_t)
    local record = records[abs(self._heap)]
    if not record then -- a finalizer destroyed the heap
        return nil
    end
    self._heap, self._address = 0, 0
    state.discharge(record, self._size)
    return result
end

--- Hands the block over: the blob is dead, the caller frees the pointer (HeapFree, or a system
-- function that does). It is part of its heap still: the heap object must outlive it.
-- @return the pointer
function Blob:Detach()
    if state.pinned == self then -- as in Free
        return check.failure("Blob:Detach", BUSY)
    end
    return access(self, "Blob:Detach", take, nil, nil, self) or misuse("Blob:Detach", DEAD)
end

local function fill(address, n, byte)
    C.winheap_set(address, byte, n)
end

--- Sets n bytes at offset (default: all) to a byte (default: 0).
-- @return the blob
function Blob:Fill(byte, n, offset)
    byte = byte == nil and 0 or size_of(byte, "Blob:Fill", "byte")
    if byte > 255 then
        misuse("Blob:Fill", "byte must be 0 to 255")
    end
    access(self, "Blob:Fill", fill, offset, n, byte)
    return self
end

local function copy_in(address, n, source)
    C.winheap_move_in(address, source, n)
end

local function copy_string(self, source, n, offset)
    n = n == nil and #source or size_of(n, "Blob:Copy", "length")
    if n > #source then
        misuse("Blob:Copy", "length is past the end of the source")
    end
    access(self, "Blob:Copy", copy_in, offset, n, source)
    return self
end

local function copy_pointer(self, source, n, offset)
    n = size_of(n, "Blob:Copy", "length")
    local fine, address = pcall(cast, "const void *", source)
    if not fine then
        misuse("Blob:Copy", BAD_SOURCE)
    end
    access(self, "Blob:Copy", copy_in, offset, n, address)
    return self
end

local function to_string(address, n)
    return string_of(cast(bytes_t, cast(intptr_t, address)), n)
end

--- Copies bytes into the blob; source and target may overlap.
-- @param source a string, a blob, or a pointer
-- @param n how many; default: all of the source, needed for a pointer
-- @param offset where to, default 0
-- @return the blob
function Blob:Copy(source, n, offset)
    if type(source) == "string" then
        return copy_string(self, source, n, offset)
    elseif istype(HeapBlob, source) then -- through a string, since only one blob is pinned
        live(self, "Blob:Copy")
        return copy_string(self, access(source, "Blob:Copy", to_string, 0, n), n, offset)
    elseif type(source) ~= "cdata" or source == nil or tonumber(source) then -- NULL, 42LL
        misuse("Blob:Copy", BAD_SOURCE)
    end
    return copy_pointer(self, source, n, offset)
end

--- The n bytes at offset as a string; default: all.
function Blob:ToString(offset, n)
    return access(self, "Blob:ToString", to_string, offset, n)
end

local function copy_out(address, n, buffer)
    C.winheap_move_out(buffer, address, n)
end

local function length_at(address, n)
    return tonumber(C.winheap_length(address, n))
end

-- How pack reads a blob.
local reader = {}

function reader.check(self, offset, n)
    access(self, "Blob:Read", pointer, offset, n, pointer_t)
end

function reader.fetch(self, buffer, offset, n)
    access(self, "Blob:Read", copy_out, offset, n, buffer)
end

function reader.text(self, offset, n)
    return access(self, "Blob:Read", to_string, offset, n)
end

function reader.length(self, offset)
    local length = access(self, "Blob:Read", length_at, offset)
    reader.check(self, offset, length + 1) -- the zero byte is in the blob as well
    return length
end

--- Unpacks values at offset (default 0) by a string.pack format; alignment counts from there.
-- Integers of up to 8 bytes; one beyond 2^53 comes as int64_t or uint64_t.
-- @return the values and the offset behind the last
function Blob:Read(format, offset)
    live(self, "Blob:Read")
    local start = offset == nil and 0 or size_of(offset, "Blob:Read", "offset")
    reader.check(self, start, 0)
    return pack.unpack(pack.compile(format, "Blob:Read"), reader, self, start)
end

--- Packs values by a string.pack format and writes them at an offset; all of them or none.
-- @return the offset behind the last
function Blob:Write(format, offset, ...)
    live(self, "Blob:Write")
    local bytes = pack.pack(pack.compile(format, "Blob:Write"), "Blob:Write", ...)
    access(self, "Blob:Write", copy_in, offset, #bytes, bytes)
    return (offset or 0) + #bytes
end

local pointer_types = {} -- C type name -> its pointer type

-- Apart from the lookup, since typeof is not compiled.
local function new_pointer_type(ctype)
    local fine, base = pcall(ffi.typeof, ctype)
    if not fine then
        misuse("Blob:As", "type must be a C type name or a ctype")
    end
    local made = ffi.typeof("$ *", base)
    if type(ctype) == "string" then
        pointer_types[ctype] = made
    end
    return made
end

--- The block as a pointer to a C type, as in As("int32_t"). A pointer keeps no blob: see Keep.
function Blob:As(ctype)
    local pointer_type = pointer_types[ctype] or new_pointer_type(ctype)
    return access(self, "Blob:As", pointer, nil, nil, pointer_type)
end

--- Keeps the blob alive up to this call. LuaJIT forgets a local after its last use, even in scope;
-- a pointer taken from the blob does not count as one.
function Blob:Keep()
    if not istype(HeapBlob, self) then
        misuse("Blob:Keep", "expected a blob, got " .. type(self))
    end
end

local properties = {}

--- The block's address, void *. A pointer keeps no blob: see Keep.
-- @field Data
function properties.Data(self)
    return access(self, "Blob.Data", pointer, nil, nil, pointer_t)
end

--- The heap object the blob belongs to: the same one, or a new one if the program dropped it.
-- @field Heap
function properties.Heap(self)
    return state.object(live(self, "Blob.Heap"))
end

local metatable = { __gc = release, __len = Blob.Size }

-- A blob that a program made would own somebody else's block.
function metatable.__new()
    misuse("HeapBlob", "blobs come from Heap:Alloc")
end

function metatable.__index(self, key)
    local method = Blob[key]
    if method then
        return method
    end
    local property = properties[key]
    return property and property(self)
end

function metatable.__tostring(self)
    if not is_live(self) then
        return "HeapBlob: dead"
    end
    return ("HeapBlob: %.0f bytes at 0x%012x"):format(self._size, self._address)
end

ffi.metatype(HeapBlob, metatable)

return blob
