-- What is in a blob: Fill, Copy, ToString, Read, Write, As.
local cjson = require "cjson"
local lu = require "luaunit"
local vm = require "vm"
local winheap = require "winheap"

TestBytes = {}

function TestBytes:setUp()
    self.heap = winheap.CreateHeap()
    self.blob = self.heap:Alloc(16):Copy "0123456789abcdef"
end

function TestBytes:tearDown()
    self.heap:Destroy()
end

function TestBytes:test_fill_sets_what_it_is_told()
    lu.assertEquals(self.blob:Fill(65, 3, 2):ToString(), "01AAA56789abcdef")
    lu.assertEquals(self.blob:Fill(66, nil, 14):ToString(), "01AAA56789abcdBB")
    lu.assertEquals(self.blob:Fill():ToString(), ("\0"):rep(16))
    lu.assertEquals(self.blob:Fill(255, 0, 16):ToString(), ("\0"):rep(16))
end

function TestBytes:test_copy_from_strings_blobs_and_pointers()
    local blob = self.blob
    lu.assertEquals(blob:Copy("XYZ", nil, 4):ToString(), "0123XYZ789abcdef")
    lu.assertEquals(blob:Copy("ABC", 2):ToString(), "AB23XYZ789abcdef")
    lu.assertEquals(blob:Copy(blob, 8, 4):ToString(), "AB23AB23XYZ7cdef") -- overlapping
    local other = self.heap:Alloc(4):Copy "wxyz"
    lu.assertEquals(blob:Copy(other):ToString(0, 6), "wxyzAB")
    lu.assertEquals(blob:Copy(other.Data, 2, 14):ToString(12), "cdwx")
    lu.assertEquals(blob:Copy("", nil, 16):ToString(0, 4), "wxyz")
end

function TestBytes:test_tostring_takes_offset_and_length()
    lu.assertEquals(self.blob:ToString(10), "abcdef")
    lu.assertEquals(self.blob:ToString(10, 2), "ab")
    lu.assertEquals(self.blob:ToString(16), "")
    lu.assertEquals(self.blob:ToString(nil, 3), "012")
end

function TestBytes:test_ranges_past_the_end_raise_and_change_nothing()
    local blob, before = self.blob, self.blob:ToString()
    lu.assertErrorMsgContains("Blob:Fill: range is past the end", blob.Fill, blob, 0, 17)
    lu.assertErrorMsgContains("Blob:Fill: offset is past the end", blob.Fill, blob, 0, 0, 17)
    lu.assertErrorMsgContains("Blob:Fill: length must be", blob.Fill, blob, 0, -1)
    lu.assertErrorMsgContains("Blob:Fill: byte must be", blob.Fill, blob, 256)
    lu.assertErrorMsgContains("Blob:Copy: range is past the end", blob.Copy, blob, "abc", 3, 14)
    lu.assertErrorMsgContains("Blob:Copy: length is past the end", blob.Copy, blob, "abc", 4)
    lu.assertErrorMsgContains("Blob:Copy: ", blob.Copy, blob, self.heap:Alloc(2), 3)
    lu.assertErrorMsgContains("Blob:Copy: length must be", blob.Copy, blob, blob.Data)
    lu.assertErrorMsgContains("Blob:Copy: source must be", blob.Copy, blob, 42)
    lu.assertErrorMsgContains("Blob:Copy: source must be", blob.Copy, blob, cjson.null, 0)
    if vm.jit then
        local integer, null = load "return 42LL, require 'ffi'.new 'void *'" ()
        lu.assertErrorMsgContains("Blob:Copy: source must be", blob.Copy, blob, integer, 0)
        lu.assertErrorMsgContains("Blob:Copy: source must be", blob.Copy, blob, null, 0)
    end
    lu.assertErrorMsgContains("Blob:ToString: offset must be", blob.ToString, blob, -1)
    lu.assertErrorMsgContains("Blob:ToString: range is past", blob.ToString, blob, 15, 2)
    lu.assertErrorMsgContains("Blob:ToString: range is past", blob.ToString, blob, 8, 2 ^ 63)
    lu.assertErrorMsgContains("Blob:Write: ", blob.Write, blob, "i4i4", 12, 1, 2)
    lu.assertErrorMsgContains("Blob:Write: offset is past", blob.Write, blob, "B", 17, 1)
    lu.assertErrorMsgContains("Blob:Read: ", blob.Read, blob, "B", 16)
    lu.assertErrorMsgContains("Blob:Read: ", blob.Read, blob, "I4", 13)
    lu.assertErrorMsgContains("Blob:Read: ", blob.Read, blob, "z", 0)
    lu.assertErrorMsgContains("Blob:Read: ", blob.Read, blob, "s1", 0)
    lu.assertErrorMsgContains("Blob:Read: ", blob.Read, blob, "!4 c2 Xi4", 13)
    lu.assertEquals(blob:ToString(), before)
end

-- format, offset, values, the bytes written: as Lua 5.4's string.pack gives them.
local LAYOUTS = {
    { "b", 0, { -2 }, "\xFE" },
    { "<h>h", 0, { 0x0102, 0x0102 }, "\2\1\1\2" },
    { "<i3", 0, { -2 }, "\xFE\xFF\xFF" },
    { ">I3", 0, { 0x010203 }, "\1\2\3" },
    { "<i7", 0, { -2 ^ 40 }, "\0\0\0\0\0\xFF\xFF" },
    { "<j", 0, { -1 }, ("\xFF"):rep(8) },
    { "<J", 0, { 2 ^ 52 }, "\0\0\0\0\0\0\x10\0" },
    { ">l", 0, { 258 }, "\0\0\0\0\0\0\1\2" },
    { "=I4", 0, { 2 ^ 32 - 1 }, "\xFF\xFF\xFF\xFF" },
    { "<f", 0, { 1.5 }, "\0\0\xC0\x3F" },
    { ">d", 0, { -2 }, "\xC0\0\0\0\0\0\0\0" },
    { "<n", 0, { 1 }, "\0\0\0\0\0\0\xF0\x3F" },
    { "z", 0, { "abc" }, "abc\0" },
    { "<s2", 0, { "abc" }, "\3\0abc" },
    { "s1", 0, { "" }, "\0" },
    { "c5", 0, { "ab\0\0\0" }, "ab\0\0\0" },
    { "<!4 b i4", 0, { 1, 2 }, "\1\0\0\0\2\0\0\0" },
    { "<!2 b i4", 0, { 1, 2 }, "\1\0\2\0\0\0" },
    { "<b x h", 0, { 1, 2 }, "\1\0\2\0" },
    { "<!4 b Xi4 b", 0, { 1, 2 }, "\1\0\0\0\2" },
    { "<!16 b i4", 0, { 1, 2 }, "\1\0\0\0\2\0\0\0" },
    { "<!8 b d", 0, { 1, 1 }, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\xF0\x3F" },
}

function TestBytes:test_layouts_are_those_of_string_pack()
    local blob = self.heap:Alloc(64)
    for _, case in ipairs(LAYOUTS) do
        for offset = 0, 5 do
            local format, values, bytes = case[1], case[3], case[4]
            blob:Fill(0x55)
            local unpack = table.unpack or unpack
            lu.assertEquals(blob:Write(format, offset, unpack(values)), offset + #bytes, format)
            lu.assertEquals(blob:ToString(offset, #bytes), bytes, format)
            lu.assertEquals(blob:ToString(offset + #bytes, 1), "\x55", format)
            local expected = { unpack(values) }
            expected[#expected + 1] = offset + #bytes
            lu.assertEquals({ blob:Read(format, offset) }, expected, format)
        end
    end
end

function TestBytes:test_long_strings_come_back_whole()
    local text = ("long "):rep(5000)
    local blob = self.heap:Alloc(60000)
    local next = blob:Write("z s4", 3, text, text)
    lu.assertEquals({ blob:Read("z s4", 3) }, { text, text, next })
end

function TestBytes:test_write_is_all_or_nothing()
    local before = self.blob:ToString()
    lu.assertErrorMsgContains("Blob:Write: ", self.blob.Write, self.blob, "bb", 0, 1, 128)
    lu.assertErrorMsgContains("Blob:Write: ", self.blob.Write, self.blob, "bB", 0, 1, -1)
    lu.assertErrorMsgContains("Blob:Write: ", self.blob.Write, self.blob, "i4", 0, 1.5)
    lu.assertErrorMsgContains("Blob:Write: ", self.blob.Write, self.blob, "i4", 0)
    lu.assertErrorMsgContains("Blob:Write: ", self.blob.Write, self.blob, "z", 0, "a\0b")
    lu.assertErrorMsgContains("Blob:Write: ", self.blob.Write, self.blob, "c2", 0, "abc")
    lu.assertEquals(self.blob:ToString(), before)
end

function TestBytes:test_write_without_an_offset_starts_at_0()
    lu.assertEquals(self.blob:Write "xx", 2)
    lu.assertEquals(self.blob:ToString(0, 4), "\0\00023")
    lu.assertEquals(self.blob:Write "", 0)
    lu.assertErrorMsgContains("Blob:Write: ", self.blob.Write, self.blob, "B")
end

function TestBytes:test_more_values_than_a_vm_returns_raise()
    lu.assertErrorMsgContains("too many results", self.blob.Read, self.blob, ("c0"):rep(2 ^ 20))
end

function TestBytes:test_wrong_formats_raise()
    for _, format in ipairs { "y", "i17", "i0", "c", "b2", "!3i3", "X", "Xc1", "3b", "X i4", "XXi4",
        "X<i4", "!17", "c" .. ("9"):rep(400) } do
        lu.assertErrorMsgContains("Blob:Read: ", self.blob.Read, self.blob, format, 0)
        lu.assertErrorMsgContains("Blob:Write: ", self.blob.Write, self.blob, format, 0, "")
    end
    lu.assertErrorMsgContains("Blob:Read: format must be a string", self.blob.Read, self.blob, 42)
    lu.assertErrorMsgContains("Blob:Write: format must be a string", self.blob.Write, self.blob)
end

function TestBytes:test_wide_integers_are_exact()
    local blob = self.heap:Alloc(16):Copy "\1\0\0\0\0\0\0\x80"
    local signed, unsigned = blob:Read "<i8", blob:Read "<I8"
    lu.assertEquals(blob:Write("<i8I8", 0, signed, unsigned), 16)
    lu.assertEquals(blob:ToString(), ("\1\0\0\0\0\0\0\x80"):rep(2))
end

-- Between 2^53 and the limit of seven bytes, where a Lua number is not the integer any more.
function TestBytes:test_integers_of_seven_bytes_are_exact()
    local blob = self.heap:Alloc(16)
    for _, case in ipairs {
        { "<i7", "\1\0\0\0\0\0\x40" }, { "<i7", "\xFF\xFF\xFF\xFF\xFF\xFF\x7F" },
        { "<i7", "\1\0\0\0\0\0\x80" }, { "<I7", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF" },
    } do
        local value = blob:Copy(case[2]):Read(case[1])
        lu.assertEquals(blob:Write(case[1], 8, value), 15)
        lu.assertEquals(blob:ToString(8, 7), case[2])
    end
    local wide = blob:Copy("\0\0\0\0\0\0\0\1"):Read "<i8"
    lu.assertErrorMsgContains("Blob:Write: ", blob.Write, blob, "<i7", 0, wide)
    lu.assertErrorMsgContains("Blob:Write: ", blob.Write, blob, "<I7", 0, wide)
end

function TestBytes:test_every_nan_is_a_number()
    local blob = self.heap:Alloc(8)
    for _, case in ipairs {
        { "<f", "\0\0\xC0\x7F" }, { "<f", "\1\0\x80\x7F" }, { "<f", "\xFF\xFF\xFF\xFF" },
        { ">f", "\xFF\xFF\xFF\xFE" }, { "<d", "\1\0\0\0\0\0\xF0\x7F" },
        { "<d", "\0\0\0\0\0\0\xF8\xFF" }, { "<d", ("\xFF"):rep(8) }, { "<n", ("\xFE"):rep(8) },
        { ">d", "\xFF\xFC\0\0\0\0\0\1" },
    } do
        local value = blob:Copy(case[2]):Read(case[1])
        lu.assertEquals(type(value), "number")
        lu.assertEquals(value ~= value, case[2] ~= ("\xFE"):rep(8))
    end
    lu.assertEquals(blob:Copy("\0\0\x80\x7F"):Read "<f", math.huge)
    lu.assertEquals(blob:Copy("\0\0\0\0\0\0\xF0\xFF"):Read "<d", -math.huge)
end

function TestBytes:test_typed_pointers_of_luajit()
    if not vm.jit then
        lu.assertNil(self.blob.As)
        return
    end
    local p = self.blob:As "uint16_t"
    p[0] = 0x4241
    lu.assertEquals(self.blob:ToString(0, 3), "AB2")
    local ffi = require "ffi"
    lu.assertEquals(self.blob:As(ffi.typeof "uint8_t")[2], 0x32)
    lu.assertErrorMsgContains("Blob:As: type must be", self.blob.As, self.blob, "no such type")
    lu.assertErrorMsgContains("Blob:As: type must be", self.blob.As, self.blob, 42)
    self.blob:Keep()
end
