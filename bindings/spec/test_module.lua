-- The module: engines, constants, install, raw, Stats.
local lu = require "luaunit"
local vm = require "vm"
local winheap = require "winheap"

TestModule = {}

function TestModule.test_constants_are_win32s()
    lu.assertEquals(winheap.HEAP_NO_SERIALIZE, 1)
    lu.assertEquals(winheap.HEAP_GENERATE_EXCEPTIONS, 4)
    lu.assertEquals(winheap.HEAP_ZERO_MEMORY, 8)
    lu.assertEquals(winheap.HEAP_REALLOC_IN_PLACE_ONLY, 16)
    lu.assertEquals(winheap.ERROR_NOT_ENOUGH_MEMORY, 8)
    lu.assertStrMatches(winheap._VERSION, "winheap %d+%.%d+%.%d+")
end

function TestModule.test_engine_is_the_one_asked_for()
    local name, version, build_id = winheap.engine():match "^(%S+) (%S+) (%x+)$"
    lu.assertEquals(name, os.getenv "WINHEAP_ENGINE")
    lu.assertNotNil(version)
    lu.assertTrue(#build_id >= 16)
end

function TestModule.test_engines_lists_this_one()
    local names = winheap.engines()
    lu.assertTableContains(names, os.getenv "WINHEAP_ENGINE")
    for i = 2, #names do
        lu.assertTrue(names[i - 1] < names[i])
    end
end

function TestModule.test_use_names_a_library_that_is_not_there()
    lu.assertErrorMsgContains("cannot load engine", winheap.use, "no-such-engine")
    lu.assertErrorMsgContains("/nowhere/lib.so", winheap.use, "/nowhere/lib.so")
    lu.assertErrorMsgContains("winheap.use: engine must be", winheap.use, 42)
end

function TestModule.test_use_refuses_a_library_that_is_no_engine()
    lu.assertErrorMsgContains("is no heap engine", winheap.use, os.getenv "SPEC_NO_ENGINE")
end

function TestModule.test_use_of_the_same_engine_again_is_fine()
    local heap = winheap.CreateHeap()
    winheap.use(os.getenv "WINHEAP_ENGINE")
    lu.assertTrue(heap:IsValid())
    heap:Destroy()
end

function TestModule.test_use_of_another_is_too_late_beside_heaps()
    local heap = winheap.CreateHeap()
    lu.assertErrorMsgContains("winheap.use: too late", winheap.use, os.getenv "SPEC_WATCH")
    lu.assertTrue(heap:IsValid())
    heap:Destroy()
end

function TestModule.test_install_copies_functions_and_options()
    local target = {}
    lu.assertIs(winheap.install(target), target)
    lu.assertIs(target.CreateHeap, winheap.CreateHeap)
    lu.assertIs(target.GetProcessHeap, winheap.GetProcessHeap)
    lu.assertEquals(target.HEAP_REALLOC_IN_PLACE_ONLY, 16)
    lu.assertNil(target.ERROR_SUCCESS)
    lu.assertErrorMsgContains("winheap.install: target", winheap.install, "text")
end

function TestModule.test_require_again_gives_a_module_that_knows_the_heaps()
    local heap = winheap.CreateHeap()
    for name in pairs(package.loaded) do
        if name:find "^winheap" then
            package.loaded[name] = nil
        end
    end
    local again = require "winheap"
    lu.assertEquals(again.CreateHeap():Alloc(10):Size(), 10)
    lu.assertEquals(heap:Alloc(10):Size(), 10)
    for name in pairs(package.loaded) do
        if name:find "^winheap" then
            package.loaded[name] = nil
        end
    end
    package.loaded.winheap = winheap
end

function TestModule.test_raw_calls_are_uncollected()
    local raw = winheap.raw
    local heap = raw.HeapCreate(0, 0, 0)
    local block = raw.HeapAlloc(heap, winheap.HEAP_ZERO_MEMORY, 100)
    vm.collect()
    lu.assertEquals(raw.HeapSize(heap, 0, block), 100)
    block = raw.HeapReAlloc(heap, 0, block, 200)
    lu.assertTrue(raw.HeapValidate(heap, 0, block))
    lu.assertTrue(raw.HeapFree(heap, 0, block))
    lu.assertFalse(raw.HeapFree(heap, 0, block))
    lu.assertEquals(raw.GetLastError(), winheap.ERROR_INVALID_PARAMETER)
    lu.assertNil(raw.HeapSize(heap, 0, block))
    lu.assertTrue(raw.HeapDestroy(heap))
    lu.assertNil(raw.HeapAlloc(nil, 0, 1))
    lu.assertEquals(raw.GetLastError(), winheap.ERROR_INVALID_HANDLE)
    raw.SetLastError(77)
    lu.assertEquals(raw.GetLastError(), 77)
    lu.assertEquals(raw.winheap_engine(), winheap.engine())
end

function TestModule.test_stats_count_what_lives()
    vm.collect()
    local before = winheap.Stats()
    local heap = winheap.CreateHeap()
    local kept = heap:Alloc(100)
    heap:Alloc(50):Free()
    local stats = winheap.Stats()
    lu.assertEquals(stats.heaps - before.heaps, 1)
    lu.assertEquals(stats.blobs - before.blobs, 1)
    lu.assertEquals(stats.bytes - before.bytes, 100)
    kept:ReAlloc(300)
    lu.assertEquals(winheap.Stats().bytes - before.bytes, 300)
    heap:Destroy()
    lu.assertEquals(winheap.Stats(), before)
end
