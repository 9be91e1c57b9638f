-- Blobs: size, resizing, release, misuse, and what stays dead.
local lu = require "luaunit"
local vm = require "vm"
local winheap = require "winheap"

TestBlob = {}

function TestBlob:setUp()
    self.heap = winheap.CreateHeap()
end

function TestBlob:tearDown()
    self.heap:Destroy()
end

function TestBlob:test_size_is_exact()
    for _, size in ipairs { 0, 1, 15, 16, 17, 100, 4095, 65536, 1000001 } do
        local blob = self.heap:Alloc(size)
        lu.assertEquals(blob:Size(), size)
        lu.assertEquals(#blob, size)
        lu.assertEquals(winheap.raw.HeapSize(self.heap.Handle, 0, blob.Data), size)
    end
end

function TestBlob:test_realloc_keeps_the_contents()
    local blob = self.heap:Alloc(100):Copy(("x"):rep(100))
    for _, size in ipairs { 200, 5000, 1000000, 300, 100 } do
        lu.assertTrue(blob:ReAlloc(size))
        lu.assertEquals(blob:Size(), size)
        lu.assertEquals(blob:ToString(0, 100), ("x"):rep(100))
    end
    lu.assertTrue(blob:ReAlloc(10))
    lu.assertEquals(blob:ToString(), ("x"):rep(10))
end

function TestBlob:test_realloc_to_zero_keeps_the_blob()
    local blob = self.heap:Alloc(100)
    lu.assertTrue(blob:ReAlloc(0))
    lu.assertTrue(blob:IsValid())
    lu.assertEquals(blob:Size(), 0)
    lu.assertTrue(blob:ReAlloc(50))
    lu.assertEquals(blob:Size(), 50)
end

function TestBlob:test_realloc_zeroes_the_new_bytes_when_asked()
    local blob = self.heap:Alloc(100):Fill(0xAA)
    lu.assertTrue(blob:ReAlloc(3000, winheap.HEAP_ZERO_MEMORY))
    lu.assertEquals(blob:ToString(), ("\xAA"):rep(100) .. ("\0"):rep(2900))
end

function TestBlob:test_a_failed_realloc_leaves_the_blob_as_it_was()
    local blob = self.heap:Alloc(64):Fill(5)
    local before = blob.Data
    local resized, message, code = blob:ReAlloc(2 ^ 60)
    lu.assertNil(resized)
    lu.assertEquals(message, "Blob:ReAlloc: not enough memory")
    lu.assertEquals(code, winheap.ERROR_NOT_ENOUGH_MEMORY)
    lu.assertTrue(blob.Data == before)
    lu.assertEquals(blob:ToString(), ("\5"):rep(64))
end

function TestBlob:test_in_place_never_moves_and_never_collects()
    local collections = winheap.Stats().collections
    local blob = self.heap:Alloc(64):Fill(5)
    local neighbour = self.heap:Alloc(64)
    local before = blob.Data
    local resized, _, code = blob:ReAlloc(100000, winheap.HEAP_REALLOC_IN_PLACE_ONLY)
    lu.assertTrue(blob.Data == before)
    lu.assertEquals(blob:Size(), resized and 100000 or 64)
    lu.assertTrue(resized or code == winheap.ERROR_NOT_ENOUGH_MEMORY)
    lu.assertTrue(blob:ReAlloc(32, winheap.HEAP_REALLOC_IN_PLACE_ONLY))
    lu.assertTrue(blob.Data == before)
    lu.assertEquals(winheap.Stats().collections, collections)
    lu.assertTrue(neighbour:IsValid())
end

function TestBlob:test_realloc_refuses_what_is_no_size()
    local blob = self.heap:Alloc(10)
    for _, size in ipairs { -1, 0.5, 2 ^ 64, 0 / 0, "16", {} } do
        lu.assertErrorMsgContains("Blob:ReAlloc: size must be a non-negative integer",
            blob.ReAlloc, blob, size)
    end
    lu.assertErrorMsgContains("Blob:ReAlloc: size must be", blob.ReAlloc, blob)
    lu.assertErrorMsgContains("Blob:ReAlloc: flags must be", blob.ReAlloc, blob, 1, "x")
    lu.assertEquals(blob:Size(), 10)
end

function TestBlob:test_realloc_works_after_the_heap_variable_is_gone()
    local blob = winheap.CreateHeap():Alloc(10):Copy "0123456789"
    vm.collect()
    lu.assertTrue(blob:ReAlloc(100000))
    lu.assertEquals(blob:ToString(0, 10), "0123456789")
    lu.assertEquals(blob.Heap:Alloc(5):Size(), 5)
end

function TestBlob:test_heap_is_the_same_object()
    local blob = self.heap:Alloc(10)
    lu.assertTrue(blob.Heap == self.heap)
    lu.assertTrue(rawequal(blob.Heap, self.heap:Alloc(20).Heap))
    local orphan = winheap.CreateHeap():Alloc(10)
    vm.collect()
    local first = orphan.Heap
    vm.collect()
    lu.assertTrue(first == orphan.Heap)
end

function TestBlob:test_free_is_idempotent_and_final()
    local blob = self.heap:Alloc(100)
    lu.assertTrue(blob:Free())
    lu.assertTrue(blob:Free())
    lu.assertFalse(blob:IsValid())
    lu.assertEquals(#self.heap, 0)
    local successor = self.heap:Alloc(100) -- may well have the same address
    lu.assertTrue(blob:Free())
    lu.assertFalse(blob:IsValid())
    lu.assertTrue(successor:IsValid())
    lu.assertEquals(winheap.raw.HeapSize(self.heap.Handle, 0, successor.Data), 100)
end

local DEAD = {
    "Size", "ReAlloc", "Detach", "Fill", "Copy", "ToString", "Read", "Write",
}

function TestBlob:test_every_use_of_a_dead_blob_raises_and_names_itself()
    local freed, orphaned = self.heap:Alloc(100), winheap.CreateHeap():Alloc(100)
    freed:Free()
    orphaned.Heap:Destroy()
    for _, blob in ipairs { freed, orphaned } do
        for _, name in ipairs(DEAD) do
            lu.assertErrorMsgContains("Blob:" .. name .. ": the blob was freed", blob[name], blob,
                name == "Read" and "B" or name == "Write" and "B" or name == "Copy" and "x" or 1)
        end
        lu.assertErrorMsgContains("Blob.Data: the blob was freed", function() return blob.Data end)
        lu.assertErrorMsgContains("Blob.Heap: the blob was freed", function() return blob.Heap end)
        lu.assertEquals(tostring(blob), "HeapBlob: dead")
    end
end

function TestBlob:test_methods_refuse_another_object()
    local blob = self.heap:Alloc(10)
    for _, name in ipairs { "Size", "IsValid", "ReAlloc", "Free", "Detach", "Fill", "Keep" } do
        for _, wrong in ipairs { 42, "text", {}, self.heap } do
            lu.assertErrorMsgContains("Blob:" .. name .. ": expected a blob", blob[name], wrong, 1)
        end
    end
    lu.assertNil(blob.NoSuchField)
    lu.assertNil(blob[1])
end

function TestBlob:test_an_error_points_at_the_caller()
    local blob = self.heap:Alloc(10)
    local _, message = pcall(function()
        local size = blob:ReAlloc(-1)
        return size
    end)
    lu.assertStrMatches(message, ".*test_blob.lua:%d+: Blob:ReAlloc: size must be.*")
end

function TestBlob:test_tostring_tells_size_and_address()
    lu.assertStrMatches(tostring(self.heap:Alloc(123)), "HeapBlob: 123 bytes at 0x%x+")
end

function TestBlob:test_keep_is_harmless_on_a_dead_blob()
    local blob = self.heap:Alloc(10)
    blob:Keep()
    blob:Free()
    blob:Keep()
    lu.assertFalse(blob:IsValid())
end

function TestBlob:test_ctypes_of_luajit()
    if not vm.jit then
        return
    end
    local ffi = require "ffi"
    lu.assertTrue(ffi.istype(winheap.HEAP, self.heap))
    lu.assertTrue(ffi.istype(winheap.HeapBlob, self.heap:Alloc()))
    lu.assertErrorMsgContains("HeapBlob", winheap.HeapBlob)
    lu.assertErrorMsgContains("HEAP", winheap.HEAP)
end
