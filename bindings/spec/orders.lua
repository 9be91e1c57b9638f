-- One program of test_closing.lua: makes heaps and blobs and lets them go in a given order, then
-- ends, so that lua_close finalizes the rest. The engine that watches (watch.c) ends the process
-- with 97 if a call was refused or a heap is left.
--
--   VM orders.lua ORDER SEED [--binding=naive]
--
-- naive is the obvious port, in which the heap's finalizer destroys the native heap whatever blobs
-- there are: the watch must find it out.
local here = arg[0]:match "^(.*)/" or "."
package.path = here .. "/?.lua;" .. package.path

local vm = require "vm"

local words, binding = {}, "winheap"
for _, word in ipairs(arg) do
    if not vm.set(word) then
        binding = word:match "^%-%-binding=(.*)" or binding
        words[#words + 1] = word
    end
end
local winheap = require(binding)
local order, seed = words[1], tonumber(words[2])
math.randomseed(seed)

-- Stays until lua_close.
local left = {}
_G.left = left

local function fill(heap, count)
    local blobs = {}
    for i = 1, count do
        local blob = heap:Alloc(math.random(0, 200))
        if math.random(4) == 1 then
            blob:ReAlloc(math.random(0, 5000))
        end
        blobs[i] = blob
    end
    return blobs
end

local function group()
    local heap = winheap.CreateHeap()
    return { heap = heap, blobs = fill(heap, math.random(1, 100)) }
end

-- Uses what may be finalized already: it works or raises.
local function use(it)
    for _, blob in ipairs(it.blobs) do
        pcall(function()
            blob:ReAlloc(100)
            blob.Heap:Alloc(10)
            blob:Free()
        end)
    end
    pcall(function() it.blobs[1] = it.heap:Alloc(20) end)
end

local orders = {}

function orders.heap_first()
    local it = group()
    it.heap = nil
    vm.collect()
    it.blobs = nil
    vm.collect()
end

function orders.blobs_first()
    local it = group()
    it.blobs = nil
    vm.collect()
    it.heap = nil
    vm.collect()
end

function orders.one_cycle()
    group()
    collectgarbage()
end

function orders.across_cycles()
    local it = group()
    it.heap = nil
    for i = #it.blobs, 1, -1 do
        it.blobs[i] = nil
        collectgarbage("step", 10)
    end
end

function orders.at_close()
    for i = 1, 3 do
        left[i] = group()
    end
    left[2].heap = nil
    left[3].blobs = nil
    group()
end

function orders.destroyed_at_close()
    left[1] = group()
    left[1].heap:Destroy()
end

function orders.used_at_close()
    for i = 1, 3 do
        local it = group()
        left[i] = it
        left[#left + 1] = vm.finalizer({}, function() use(it) end)
    end
end

function orders.made_at_close()
    local function make()
        pcall(function() left[#left + 1] = group() end)
    end
    left[#left + 1] = vm.finalizer({}, make)
    left[#left + 1] = group()
    left[#left + 1] = vm.finalizer({}, make)
end

function orders.in_coroutines()
    for i = 1, 3 do
        left[i] = coroutine.wrap(function()
            local it = group()
            coroutine.yield(it.blobs[1])
            use(it)
        end)
        left[i]()
    end
end

for _ = 1, 3 do
    assert(orders[order], "no such order")()
end
