--- Arguments and failures: what a caller may pass, and what it reads when that goes wrong.
-- Every message starts with the method the program called, as in
-- "Blob:ReAlloc: size must be a non-negative integer", after the place of that call.
local ffi = require "ffi"
local bit = require "bit"

local check = {}

local floor, type, error, band, getinfo = math.floor, type, error, bit.band, debug.getinfo
local istype = ffi.istype
local int64_t, uint64_t = ffi.typeof "int64_t", ffi.typeof "uint64_t"

local SIZE_LIMIT = 2 ^ 64 -- the first number that no size_t holds
local LARGEST_SIZE = 2 ^ 64 - 2 ^ 11 -- the last Lua number that one does
local FLAGS_LIMIT = 2 ^ 32
local GENERATE_EXCEPTIONS = 0x4

local messages = {
    [0] = "the engine gives no reason",
    [6] = "invalid handle",
    [8] = "not enough memory",
    [87] = "invalid parameter",
    [120] = "the engine cannot do this",
    [170] = "the blob is in use where this finalizer interrupts",
}

-- The sources of this module are HERE.lua and HERE/*.lua.
local HERE = getinfo(1, "S").source:match "^(.*)/[^/]*$" or ""

local function is_ours(source)
    return source == HERE .. ".lua" or source:sub(1, #HERE + 1) == HERE .. "/"
end

-- The line of the program that called the binding. Counting levels would not do: tail calls hide
-- frames.
local function caller()
    for level = 3, 12 do
        local info = getinfo(level, "Sl")
        if not info then
            break
        elseif info.currentline > 0 and not is_ours(info.source) then
            return ("%s:%d: "):format(info.short_src, info.currentline)
        end
    end
    return ""
end

--- Raises "METHOD: PROBLEM".
function check.misuse(method, problem)
    error(caller() .. method .. ": " .. problem, 0)
end

--- A run-time failure: nil, message, code; or the message raised where the program asked for it.
function check.failure(method, code, raises)
    local message = method .. ": " .. (messages[code] or "error " .. code)
    if raises then
        error(caller() .. message, 0)
    end
    return nil, message, code
end

local function boxed_size(n)
    return type(n) == "cdata" and (istype(uint64_t, n) or istype(int64_t, n) and n >= 0)
end

--- A count of bytes that a size_t holds: a Lua number, an int64_t or a uint64_t.
-- @return the count as a Lua number
function check.size(n, method, what)
    if type(n) == "number" and n >= 0 and n < SIZE_LIMIT and floor(n) == n then
        return n
    elseif boxed_size(n) then
        return math.min(tonumber(n), LARGEST_SIZE) -- 2^64 - 1 becomes 2^64, which C takes for 0
    end
    check.misuse(method, (what or "size") .. " must be a non-negative integer")
end

--- Call flags or heap options: an integer of 32 bits; nil is 0.
function check.flags(flags, method, what)
    if flags == nil then
        return 0
    elseif type(flags) == "number" and flags >= 0 and flags < FLAGS_LIMIT
        and floor(flags) == flags then
        return flags
    end
    check.misuse(method, (what or "flags") .. " must be an integer of 32 bits")
end

--- The flags as the engine may see them. It never sees GENERATE_EXCEPTIONS: its exception would
-- unwind through the VM, so the binding raises a Lua error itself.
function check.engine_flags(flags)
    return band(flags, bit.bnot(GENERATE_EXCEPTIONS))
end

--- Whether the flags ask for an error instead of nil.
function check.raises(flags)
    return band(flags, GENERATE_EXCEPTIONS) ~= 0
end

return check
