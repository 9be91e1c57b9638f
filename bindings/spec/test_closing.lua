-- Every order in which heaps and blobs can be finalized, in programs of their own (orders.lua)
-- under the engine that watches (watch.c): no call is refused, no heap is left, nothing crashes.
local lu = require "luaunit"
local vm = require "vm"

local SEEDS = tonumber(os.getenv "SPEC_SEEDS") or 20
local ENVIRONMENT = ("WINHEAP_ENGINE='%s' WATCH_ENGINE='%s'"):format(os.getenv "SPEC_WATCH",
    os.getenv "SPEC_ENGINE_PATH")

TestClosing = {}

local function assert_clean(order)
    for seed = 1, SEEDS do
        local output, code = vm.run("orders.lua", { order, seed }, ENVIRONMENT)
        lu.assertEquals(output, "", order .. " " .. seed)
        lu.assertEquals(code, 0, order .. " " .. seed)
    end
end

local ORDERS = {
    "heap_first", "blobs_first", "one_cycle", "across_cycles", "at_close", "destroyed_at_close",
    "used_at_close", "made_at_close", "in_coroutines",
}

for _, order in ipairs(ORDERS) do
    TestClosing["test_" .. order] = function()
        assert_clean(order)
    end
end

function TestClosing.test_the_watch_finds_the_obvious_ports_fault()
    local output, code = vm.run("orders.lua", { "at_close", 1, "--binding=naive" }, ENVIRONMENT)
    lu.assertStrContains(output, "watch: HeapFree refused")
    lu.assertEquals(code, 97)
end
