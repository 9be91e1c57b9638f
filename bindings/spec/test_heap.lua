-- Heaps: creation, fields, Alloc, limits, Adopt, Destroy, the process heap.
local lu = require "luaunit"
local vm = require "vm"
local winheap = require "winheap"

TestHeap = {}

function TestHeap.test_fields_say_what_was_asked_for()
    local heap = winheap.CreateHeap(4096, 1048576, winheap.HEAP_NO_SERIALIZE)
    lu.assertEquals(heap.InitialSize, 4096)
    lu.assertEquals(heap.MaximumSize, 1048576)
    lu.assertEquals(heap.Options, winheap.HEAP_NO_SERIALIZE)
    lu.assertTrue(winheap.raw.HeapValidate(heap.Handle, 0, nil))
    lu.assertNil(heap.NoSuchField)
    heap:Destroy()
end

function TestHeap.test_defaults_are_zero()
    local heap = winheap.CreateHeap()
    lu.assertEquals({ heap.InitialSize, heap.MaximumSize, heap.Options }, { 0, 0, 0 })
end

function TestHeap.test_create_fails_with_message_and_code()
    local heap, message, code = winheap.CreateHeap(2 ^ 20, 4096)
    lu.assertNil(heap)
    lu.assertEquals(message, "winheap.CreateHeap: invalid parameter")
    lu.assertEquals(code, winheap.ERROR_INVALID_PARAMETER)
end

function TestHeap.test_create_refuses_wrong_arguments()
    local create = winheap.CreateHeap
    lu.assertErrorMsgContains("winheap.CreateHeap: initialSize must be", create, -1)
    lu.assertErrorMsgContains("winheap.CreateHeap: maxSize must be", create, 0, 1.5)
    lu.assertErrorMsgContains("winheap.CreateHeap: options must be", create, 0, 0, 2 ^ 32)
    lu.assertErrorMsgContains("winheap.CreateHeap: initialSize must be", create, "4096")
end

function TestHeap.test_alloc_without_a_size_asks_for_one_byte()
    lu.assertEquals(winheap.CreateHeap():Alloc():Size(), 1)
    lu.assertEquals(winheap.CreateHeap():Alloc(nil, winheap.HEAP_ZERO_MEMORY):Read "B", 0)
end

function TestHeap.test_alloc_of_zero_is_a_blob_of_size_zero()
    local heap = winheap.CreateHeap()
    local first, second = heap:Alloc(0), heap:Alloc(0)
    lu.assertEquals(first:Size(), 0)
    lu.assertTrue(first:IsValid())
    lu.assertFalse(first.Data == second.Data)
    lu.assertEquals(first:ToString(), "")
end

function TestHeap.test_alloc_refuses_what_is_no_size()
    local heap = winheap.CreateHeap()
    for _, size in ipairs { -1, 1.5, 2 ^ 64, 0 / 0, math.huge, "16", {}, true } do
        lu.assertErrorMsgContains("Heap:Alloc: size must be a non-negative integer", heap.Alloc,
            heap, size)
    end
    lu.assertErrorMsgContains("Heap:Alloc: flags must be", heap.Alloc, heap, 1, -1)
    lu.assertErrorMsgContains("Heap:Alloc: expected a heap", heap.Alloc, 42, 1)
    local blob = heap:Alloc()
    lu.assertErrorMsgContains("Heap:Alloc: expected a heap", heap.Alloc, blob, 1)
    lu.assertEquals(#heap, 1)
end

function TestHeap.test_a_size_that_is_not_available_is_nil_with_code_8()
    local heap = winheap.CreateHeap()
    for _, size in ipairs { 2 ^ 47, 2 ^ 60, 2 ^ 63, 2 ^ 64 - 2 ^ 12 } do
        local blob, message, code = heap:Alloc(size)
        lu.assertNil(blob)
        lu.assertEquals(message, "Heap:Alloc: not enough memory")
        lu.assertEquals(code, winheap.ERROR_NOT_ENOUGH_MEMORY)
    end
    lu.assertEquals(heap:Stats(), { blobs = 0, bytes = 0 })
end

-- As a Lua number the last one would be 2^64, of which C makes a size of 0.
function TestHeap.test_the_largest_sizes_of_luajits_integers_are_not_available()
    if not vm.jit then
        return
    end
    local heap = winheap.CreateHeap()
    local blob = heap:Alloc(16)
    for _, text in ipairs { "0x7fffffffffffffff", "0xfffffffffffffbff", "0xffffffffffffffff" } do
        local size = loadstring("return " .. text .. "ULL")()
        lu.assertNil((heap:Alloc(size)))
        lu.assertNil((blob:ReAlloc(size)))
        lu.assertNil((winheap.CreateHeap(size)))
        lu.assertErrorMsgContains("Blob:Fill: offset is past the end", blob.Fill, blob, 0, 0, size)
    end
    lu.assertEquals(heap:Stats(), { blobs = 1, bytes = 16 })
end

function TestHeap.test_generate_exceptions_raises_instead()
    local raising = winheap.CreateHeap(0, 0, winheap.HEAP_GENERATE_EXCEPTIONS)
    lu.assertEquals(raising.Options, winheap.HEAP_GENERATE_EXCEPTIONS)
    lu.assertErrorMsgContains("Heap:Alloc: not enough memory", raising.Alloc, raising, 2 ^ 60)
    local blob = raising:Alloc(8)
    lu.assertErrorMsgContains("Blob:ReAlloc: not enough memory", blob.ReAlloc, blob, 2 ^ 60)
    lu.assertEquals(blob:Size(), 8)
    local plain = winheap.CreateHeap()
    lu.assertErrorMsgContains("Heap:Alloc: not enough memory", plain.Alloc, plain, 2 ^ 60,
        winheap.HEAP_GENERATE_EXCEPTIONS)
end

function TestHeap.test_zero_memory_by_option_and_by_flag()
    local zeros = ("\0"):rep(3000)
    local heap = winheap.CreateHeap()
    local zeroing = winheap.CreateHeap(0, 0, winheap.HEAP_ZERO_MEMORY)
    for _ = 1, 3 do
        heap:Alloc(3000):Fill(0xAA):Free()
        zeroing:Alloc(3000):Fill(0xAA):Free()
        lu.assertEquals(heap:Alloc(3000, winheap.HEAP_ZERO_MEMORY):ToString(), zeros)
        lu.assertEquals(zeroing:Alloc(3000):ToString(), zeros)
    end
end

function TestHeap.test_a_full_heap_says_so_and_takes_again_what_was_freed()
    local heap = winheap.CreateHeap(0, 2 ^ 20)
    local blobs = {}
    repeat
        local blob, _, code = heap:Alloc(2 ^ 16)
        blobs[#blobs + 1] = blob
        lu.assertEquals(blob and 0 or code, blob and 0 or 8)
    until not blob
    lu.assertTrue(#blobs >= 8 and #blobs <= 16)
    blobs[1]:Free()
    lu.assertNotNil((heap:Alloc(2 ^ 16)))
end

function TestHeap.test_a_full_heap_collects_before_it_says_no()
    local heap = winheap.CreateHeap(0, 2 ^ 20)
    for _ = 1, 200 do -- twelve times what it holds, all dropped at once
        lu.assertNotNil((heap:Alloc(2 ^ 16)))
    end
    local blob = heap:Alloc(2 ^ 16)
    for _ = 1, 8 do
        heap:Alloc(2 ^ 16)
    end
    lu.assertTrue(blob:ReAlloc(2 ^ 18 + 2 ^ 17))
end

-- An engine may run out of heaps before Lua has made any garbage to speak of.
function TestHeap.test_dropped_heaps_make_room_for_new_ones()
    for _ = 1, 10000 do
        lu.assertNotNil((winheap.CreateHeap()))
    end
end

function TestHeap.test_a_stopped_collector_stays_stopped()
    local heap = winheap.CreateHeap(0, 2 ^ 20)
    vm.collect()
    collectgarbage "stop"
    for _ = 1, 100 do
        heap:Alloc(2 ^ 16)
    end
    local running = collectgarbage "isrunning"
    collectgarbage "restart"
    lu.assertFalse(running)
end

function TestHeap.test_adopt_makes_a_blob_of_a_raw_block()
    local heap = winheap.CreateHeap()
    local block = winheap.raw.HeapAlloc(heap.Handle, 0, 48)
    local blob = heap:Adopt(block)
    lu.assertEquals(blob:Size(), 48)
    lu.assertTrue(blob.Data == block)
    lu.assertEquals(#heap, 1)
    lu.assertTrue(blob:Free())
    lu.assertFalse(winheap.raw.HeapValidate(heap.Handle, 0, block))
end

function TestHeap.test_adopt_refuses_what_is_no_block()
    local heap, other = winheap.CreateHeap(), winheap.CreateHeap()
    local block = other:Alloc(16):Detach()
    local blob, message, code = heap:Adopt(block)
    lu.assertNil(blob)
    lu.assertEquals(message, "Heap:Adopt: invalid parameter")
    lu.assertEquals(code, winheap.ERROR_INVALID_PARAMETER)
    for _, value in ipairs { 42, "text", {} } do
        lu.assertErrorMsgContains("Heap:Adopt: block must be a pointer", heap.Adopt, heap, value)
    end
    lu.assertErrorMsgContains("Heap:Adopt: block must be a pointer", heap.Adopt, heap)
    lu.assertEquals(#heap, 0)
end

function TestHeap.test_detach_hands_the_block_over()
    local heap = winheap.CreateHeap()
    local blob = heap:Alloc(64):Fill(7)
    local pointer = blob:Detach()
    lu.assertFalse(blob:IsValid())
    lu.assertEquals(#heap, 0)
    blob = nil -- luacheck: ignore 311
    vm.collect()
    lu.assertEquals(winheap.raw.HeapSize(heap.Handle, 0, pointer), 64)
    lu.assertEquals(heap:Adopt(pointer):Read "B", 7)
end

function TestHeap.test_destroy_kills_every_blob()
    local heap = winheap.CreateHeap()
    local blob = heap:Alloc(100)
    lu.assertTrue(heap:Destroy())
    lu.assertFalse(heap:IsValid())
    lu.assertTrue(heap.Handle == nil)
    lu.assertEquals(#heap, 0)
    lu.assertFalse(blob:IsValid())
    lu.assertErrorMsgContains("Blob:Size: the blob was freed", blob.Size, blob)
    lu.assertErrorMsgContains("Heap:Alloc: the heap was destroyed", heap.Alloc, heap, 1)
    lu.assertErrorMsgContains("Heap:Stats: the heap was destroyed", heap.Stats, heap)
    lu.assertTrue(blob:Free())
end

function TestHeap.test_destroy_and_close_are_idempotent()
    local heap = winheap.CreateHeap()
    lu.assertTrue(heap:Destroy())
    lu.assertTrue(heap:Destroy())
    lu.assertTrue(heap:close())
    local successor = winheap.CreateHeap()
    lu.assertTrue(heap:Destroy())
    lu.assertTrue(successor:IsValid())
end

function TestHeap.test_process_heap_is_one_object_that_nothing_destroys()
    local heap = winheap.GetProcessHeap()
    lu.assertTrue(heap == winheap.GetProcessHeap())
    lu.assertTrue(heap.Handle == winheap.raw.GetProcessHeap())
    local blob = heap:Alloc(10)
    local destroyed, message, code = heap:Destroy()
    lu.assertNil(destroyed)
    lu.assertEquals(message, "Heap:Destroy: invalid handle")
    lu.assertEquals(code, winheap.ERROR_INVALID_HANDLE)
    lu.assertEquals(blob:Size(), 10)
    heap = nil -- luacheck: ignore 311
    blob = nil -- luacheck: ignore 311
    vm.collect()
    lu.assertEquals(winheap.GetProcessHeap():Alloc(5):Size(), 5)
end

function TestHeap.test_process_heap_is_one_object_for_a_finalizer_as_well()
    lu.assertEquals({ vm.run "process.lua" }, { "true\ttrue\ttrue\t1\n", 0 })
end

function TestHeap.test_process_heaps_are_handles_in_order()
    vm.collect()
    local before = #winheap.GetProcessHeaps()
    local first, second = winheap.CreateHeap(), winheap.CreateHeap()
    local handles = winheap.GetProcessHeaps()
    lu.assertEquals(#handles, before + 2)
    lu.assertTrue(handles[1] == winheap.raw.GetProcessHeap())
    lu.assertTrue(handles[#handles - 1] == first.Handle)
    lu.assertTrue(handles[#handles] == second.Handle)
    second:Destroy()
    first:Destroy()
    lu.assertEquals(#winheap.GetProcessHeaps(), before)
end

function TestHeap.test_length_and_stats_count_live_blobs()
    local heap = winheap.CreateHeap()
    local blobs = {}
    for i = 1, 10 do
        blobs[i] = heap:Alloc(i)
    end
    lu.assertEquals(#heap, 10)
    lu.assertEquals(heap:Stats(), { blobs = 10, bytes = 55 })
    blobs[10]:Free()
    lu.assertEquals(heap:Stats(), { blobs = 9, bytes = 45 })
end

function TestHeap.test_tostring_tells_what_it_is()
    local heap = winheap.CreateHeap()
    heap:Alloc():Detach()
    lu.assertStrMatches(tostring(heap), "HEAP: 0x%x+ with 0 blobs")
    heap:Destroy()
    lu.assertEquals(tostring(heap), "HEAP: destroyed")
end

function TestHeap.test_a_heap_is_closed_at_the_end_of_its_scope()
    if vm.jit then
        return -- no <close> there
    end
    local run = load [[
        local winheap = require "winheap"
        local kept
        do
            local heap <close> = winheap.CreateHeap()
            local blob <close> = heap:Alloc(10)
            kept = { heap, blob }
        end
        return kept
    ]]
    local kept = run()
    lu.assertFalse(kept[1]:IsValid())
    lu.assertFalse(kept[2]:IsValid())
end
