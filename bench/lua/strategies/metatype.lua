-- metatype:ENGINE: the obvious port of an object with a destructor: a struct of pointer and heap
-- whose metatype has a Lua __gc.
--
-- A release is a HeapFree. After a Free by hand the finalizer stays armed and finds nothing to do.
-- NULL is not looked for: to read the field back for that made drop/size=64 4 % slower.

local ffi = require "ffi"
local win32 = require "child.win32"

local function blob_type(engine)
    local methods = {}
    function methods:Free()
        if self.Data ~= nil then
            engine.HeapFree(self.Heap, 0, self.Data)
            self.Data = nil
        end
    end
    function methods:ReAlloc(size)
        self.Data = engine.HeapReAlloc(self.Heap, 0, self.Data, size)
    end
    local struct = ffi.typeof("struct { void *Data; void *Heap; }")
    return ffi.metatype(struct, { __index = methods, __gc = methods.Free })
end

return {
    {
        name = "metatype:ENGINE",
        needs = "engine",
        alloc = "Blob(engine.HeapAlloc(heap, 0, size), heap)",
        pointer = "blob.Data",
        free = "blob:Free()",
        realloc = "blob:ReAlloc(size)",
        load = win32.load,
        open = function(engine)
            local heap = engine.HeapCreate(0, 0, 0)
            return { engine = engine, heap = heap, Blob = blob_type(engine) }
        end,
    },
}
