--- Packs and unpacks values by the formats of Lua 5.4's string.pack, which LuaJIT does not have.
-- All of them, with integers of up to 8 bytes where Lua 5.4 goes up to 16.
local ffi = require "ffi"
local bit = require "bit"
local check = require "winheap.check"

assert(ffi.abi "le", "winheap.pack supposes a little-endian machine")

local pack = {}

local floor, tonumber, type = math.floor, tonumber, type
local istype, string_of = ffi.istype, ffi.string
local int64_t, uint64_t = ffi.typeof "int64_t", ffi.typeof "uint64_t"

local EXACT = 2 ^ 53 -- up to here a Lua number is the integer it looks like
local MAX_INTEGER = 8
local MAX_ALIGN = 16
local MAX_FIXED = 2 ^ 31 - 1 -- bytes of one 'c'
local NATIVE_ALIGN = 8

-- One value on its way. Each call has its own, since a finalizer may pack in between.
local word_t = ffi.typeof [[
    union { int64_t i; uint64_t u; float f; double d; uint8_t b[8]; uint32_t w[2]; }
]]

-- size: fixed, or the default of an option that takes a number.
local options = {
    b = { op = "int", size = 1, signed = true }, B = { op = "int", size = 1 },
    h = { op = "int", size = 2, signed = true }, H = { op = "int", size = 2 },
    i = { op = "int", size = 4, signed = true, sized = true },
    I = { op = "int", size = 4, sized = true },
    l = { op = "int", size = 8, signed = true }, L = { op = "int", size = 8 },
    j = { op = "int", size = 8, signed = true }, J = { op = "int", size = 8 },
    T = { op = "int", size = 8 },
    f = { op = "float", size = 4 },
    d = { op = "double", size = 8 }, n = { op = "double", size = 8 },
    s = { op = "counted", size = 8, sized = true }, c = { op = "fixed", sized = true },
    z = { op = "zero", size = 0 }, x = { op = "pad", size = 1 },
}

local function invalid(method, format, what)
    check.misuse(method, ("%s in format '%s'"):format(what, format))
end

local function limited_size(method, format, digits, default, limit)
    local size = digits == "" and default or tonumber(digits)
    if size < 1 or size > limit then
        invalid(method, format, ("size %s is not 1 to %d"):format(size, limit))
    end
    return size
end

local function option_size(method, format, letter, option, digits)
    if digits ~= "" and not option.sized then
        invalid(method, format, ("option '%s' takes no number"):format(letter))
    elseif option.op ~= "fixed" then
        return option.sized and limited_size(method, format, digits, option.size, MAX_INTEGER)
            or option.size
    elseif digits == "" then
        invalid(method, format, "option 'c' needs a number")
    elseif tonumber(digits) > MAX_FIXED then
        invalid(method, format, "too large a number")
    end
    return tonumber(digits)
end

local function alignment(method, format, op, size, max_align)
    local align = op == "fixed" and 1 or math.min(size, max_align)
    if align > 1 and bit.band(align, align - 1) ~= 0 then
        invalid(method, format, "an alignment that is no power of 2")
    end
    return math.max(align, 1)
end

-- The options that only change how others are read.
local function set_mode(mode, method, format, letter, digits)
    if letter == "!" then
        mode.max_align = limited_size(method, format, digits, NATIVE_ALIGN, MAX_ALIGN)
    elseif digits ~= "" then
        invalid(method, format, ("option '%s' takes no number"):format(letter))
    elseif letter == "X" then
        mode.align_only = true
    elseif letter ~= " " then
        mode.big = letter == ">"
    end
end

local function item_of(mode, method, format, letter, digits)
    local option = options[letter]
    if not option then
        invalid(method, format, ("unknown option '%s'"):format(letter))
    end
    local size = option_size(method, format, letter, option, digits)
    local align = alignment(method, format, option.op, size, mode.max_align)
    if mode.align_only then
        if option.op == "fixed" or size == 0 then
            invalid(method, format, "option 'X' before one without alignment")
        end
        mode.align_only = false
        return { op = "align", align = align }
    end
    return { op = option.op, size = size, signed = option.signed, big = mode.big, align = align }
end

local function parse(format, method)
    local items = {}
    local mode = { big = false, max_align = 1, align_only = false }
    if format:find "^%d" then
        invalid(method, format, "a number before any option")
    end
    for letter, digits in format:gmatch "(%D)(%d*)" do
        if letter:find "[<>=! X]" then
            if mode.align_only then
                invalid(method, format, "option 'X' before one without alignment")
            end
            set_mode(mode, method, format, letter, digits)
        else
            items[#items + 1] = item_of(mode, method, format, letter, digits)
        end
    end
    if mode.align_only then
        invalid(method, format, "option 'X' at the end")
    end
    return items
end

local compiled = setmetatable({}, { __mode = "v" })

--- A format's items, to be given to pack and unpack.
function pack.compile(format, method)
    if type(format) ~= "string" then
        check.misuse(method, "format must be a string")
    end
    local items = compiled[format]
    if not items then
        items = parse(format, method)
        compiled[format] = items
    end
    return items
end

local function padding(align, position)
    return -position % align
end

local function reverse(word, size)
    local b = word.b
    for i = 0, floor(size / 2) - 1 do
        b[i], b[size - 1 - i] = b[size - 1 - i], b[i]
    end
end

local function number_of(word, item)
    if item.signed then
        local n = tonumber(word.i)
        return n > -EXACT and n < EXACT and n or word.i
    end
    local n = tonumber(word.u)
    return n < EXACT and n or word.u
end

local readers = {}

function readers.int(word, item, reader, source, offset)
    local size = item.size
    word.i = 0
    reader.fetch(source, word, offset, size)
    if item.big then
        reverse(word, size)
    end
    if item.signed and word.b[size - 1] >= 0x80 then
        for i = size, MAX_INTEGER - 1 do
            word.b[i] = 0xFF
        end
    end
    return number_of(word, item), offset + size
end

-- LuaJIT takes a NaN with other bits than its own, read from C memory, for a value of another type.
local is_nan = {}

function is_nan.f(word)
    local bits = bit.band(word.w[0], 0x7FFFFFFF)
    return bits > 0x7F800000
end

function is_nan.d(word)
    local high = bit.band(word.w[1], 0x7FFFFFFF)
    return high > 0x7FF00000 or high == 0x7FF00000 and word.w[0] ~= 0
end

local function read_float(field)
    local nan = is_nan[field]
    return function(word, item, reader, source, offset)
        reader.fetch(source, word, offset, item.size)
        if item.big then
            reverse(word, item.size)
        end
        return nan(word) and 0 / 0 or word[field], offset + item.size
    end
end

readers.float = read_float "f"
readers.double = read_float "d"

function readers.fixed(_, item, reader, source, offset)
    return reader.text(source, offset, item.size), offset + item.size
end

function readers.counted(word, item, reader, source, offset)
    local length
    length, offset = readers.int(word, item, reader, source, offset)
    return reader.text(source, offset, length), offset + length
end

function readers.zero(_, _, reader, source, offset)
    local length = reader.length(source, offset)
    return reader.text(source, offset, length), offset + length + 1
end

--- Reads the items' values.
-- @param items of compile
-- @param reader how to read: fetch(source, buffer, offset, n); check(source, offset, n);
-- text(source, offset, n) -> string; length(source, offset) -> bytes before the next zero byte
-- @param source what to read from, handed to the reader
-- @param start where; alignment counts from here
-- @return the values and the offset behind the last
function pack.unpack(items, reader, source, start)
    local word, values, count, offset = word_t(), {}, 0, start
    for i = 1, #items do
        local item = items[i]
        offset = offset + padding(item.align, offset - start)
        if item.op == "pad" then
            reader.check(source, offset, 1)
            offset = offset + 1
        elseif item.op == "align" then
            reader.check(source, offset, 0)
        else
            count = count + 1
            values[count], offset = readers[item.op](word, item, reader, source, offset)
        end
    end
    values[count + 1] = offset
    return unpack(values, 1, count + 1)
end

local writers = {}

local function take(word, item)
    if item.big then
        reverse(word, item.size)
    end
    return string_of(ffi.cast("const char *", word), item.size)
end

local function fits(item, n)
    if floor(n) ~= n then
        return false
    elseif item.size == MAX_INTEGER then
        return n >= -2 ^ 63 and n < (item.signed and 2 ^ 63 or 2 ^ 64)
    elseif item.signed then
        return n >= -2 ^ (8 * item.size - 1) and n < 2 ^ (8 * item.size - 1)
    end
    return n >= 0 and n < 2 ^ (8 * item.size)
end

-- An integer that came as cdata is exact where a number would not be. Its comparisons are as well.
local function put_boxed(word, item, value)
    local limit = 2 ^ (8 * item.size)
    word.u = ffi.cast(uint64_t, value)
    if item.size == MAX_INTEGER then
        return true
    elseif istype(int64_t, value) and value < 0 then
        return item.signed and value >= -limit / 2
    end
    return value < (item.signed and limit / 2 or limit)
end

local function put_integer(word, item, value)
    if istype(int64_t, value) or istype(uint64_t, value) then
        return put_boxed(word, item, value)
    elseif type(value) ~= "number" or not fits(item, value) then
        return false
    elseif value >= 2 ^ 63 then
        word.u = value
    else
        word.i = value
    end
    return true
end

function writers.int(word, item, value)
    return put_integer(word, item, value) and take(word, item), "an integer that fits"
end

local function write_float(field)
    return function(word, item, value)
        if type(value) ~= "number" then
            return nil, "a number"
        end
        word[field] = value
        return take(word, item)
    end
end

writers.float = write_float "f"
writers.double = write_float "d"

function writers.fixed(_, item, value)
    if type(value) ~= "string" or #value > item.size then
        return nil, ("a string of at most %d bytes"):format(item.size)
    end
    return value .. ("\0"):rep(item.size - #value)
end

function writers.counted(word, item, value)
    if type(value) ~= "string" or not put_integer(word, item, #value) then
        return nil, "a string whose length fits its prefix"
    end
    return take(word, item) .. value
end

function writers.zero(_, _, value)
    if type(value) ~= "string" or value:find("\0", 1, true) then
        return nil, "a string without a zero byte"
    end
    return value .. "\0"
end

local function pack_value(word, item, position, value, method)
    local bytes, wanted = writers[item.op](word, item, value)
    if not bytes then
        check.misuse(method, ("value %d must be %s"):format(position, wanted))
    end
    return bytes
end

--- Packs one value for each item that takes one.
-- @param items of compile
-- @param method named in errors
-- @return the bytes as a string
function pack.pack(items, method, ...)
    local word, pieces, position, used = word_t(), {}, 0, 0
    for i = 1, #items do
        local item = items[i]
        local piece = ("\0"):rep(padding(item.align, position))
        if item.op == "pad" then
            piece = piece .. "\0"
        elseif item.op ~= "align" then
            used = used + 1
            piece = piece .. pack_value(word, item, used, (select(used, ...)), method)
        end
        pieces[i] = piece
        position = position + #piece
    end
    return table.concat(pieces)
end

return pack
