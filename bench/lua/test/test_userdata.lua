-- Tests of the C module heaplab_userdata, run by both VMs. What memory holds is read where the VM
-- can read it, with LuaJIT's FFI; the C code is the same for both.

local lu = require "luaunit"
local memory = require "heaplab_userdata"

local function bytes(data, size)
    local ffi = require "ffi"
    return ffi.string(ffi.cast("const char *", ffi.cast("void *", data)), size)
end

TestUserdata = {}

function TestUserdata.test_malloc_is_released_once()
    local blob = memory.malloc(100)
    lu.assertEquals(type(memory.data(blob)), "userdata")
    memory.free(blob)
    memory.free(blob)
    blob = nil -- luacheck: ignore 311
    collectgarbage()
    collectgarbage()
end

function TestUserdata.test_wrong_arguments_raise()
    for _, wrong in ipairs { 1, "text", memory.inline(64), memory.floor(64), memory.scratch } do
        lu.assertErrorMsgContains("malloc", memory.free, wrong)
        lu.assertErrorMsgContains("malloc", memory.data, wrong)
        lu.assertErrorMsgContains("malloc", memory.realloc, wrong, 10)
    end
    lu.assertErrorMsgContains("negative", memory.malloc, -1)
    lu.assertErrorMsgContains("negative", memory.inline, -1)
    lu.assertErrorMsgContains("scratch", memory.floor, 2 ^ 21)
    lu.assertErrorMsgContains("userdata", memory.touch_page, "text", 4)
end

if jit then
    function TestUserdata.test_page_touches_the_first_byte_of_each_page()
        local size = 2 * 4096 + 1
        local blob = memory.malloc(size)
        local data = memory.data(blob)
        require("ffi").fill(require("ffi").cast("void *", data), size, 0)
        memory.touch_page(data, size)
        local page = "\1" .. ("\0"):rep(4095)
        lu.assertTrue(bytes(data, size) == page .. page .. "\1")
    end

    function TestUserdata.test_all_touches_every_byte()
        local blob = memory.inline(5000)
        memory.touch_all(blob, 5000)
        lu.assertTrue(bytes(blob, 5000) == ("\1"):rep(5000))
    end

    function TestUserdata.test_realloc_keeps_contents()
        local blob, inside = memory.malloc(100), memory.inline(100)
        memory.touch_all(memory.data(blob), 100)
        memory.touch_all(inside, 100)
        memory.realloc(blob, 5000)
        lu.assertEquals(bytes(memory.data(blob), 100), ("\1"):rep(100))
        lu.assertEquals(bytes(memory.inline_realloc(inside, 5000), 100), ("\1"):rep(100))
        lu.assertEquals(bytes(memory.inline_realloc(inside, 10), 10), ("\1"):rep(10))
    end
end

os.exit(lu.LuaUnit.run())
