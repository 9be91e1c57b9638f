-- One program of test_heap.lua: asks for the process heap for the first time just when a finalizer
-- does the same, and says whether both got the same object.
local here = arg[0]:match "^(.*)/" or "."
package.path = here .. "/?.lua;" .. package.path

local vm = require "vm"
local winheap = require "winheap"

for _, word in ipairs(arg) do
    vm.set(word)
end
winheap.engine() -- loads it

local calls, due, inner = 0, false, nil
collectgarbage "stop"
if not vm.jit then
    collectgarbage "generational" -- there one step runs all finalizers
end
for _ = 1, 1000 do
    vm.finalizer({}, function()
        calls = calls + 1
        inner = due and winheap.GetProcessHeap() or inner
    end)
end
while vm.jit and calls == 0 do
    collectgarbage("step", 0) -- there one step runs one finalizer
end
due = true
collectgarbage "restart" -- the next step is due at once
local outer = winheap.GetProcessHeap()
print(inner ~= nil, inner == outer, outer == winheap.GetProcessHeap(), winheap.Stats().heaps)
