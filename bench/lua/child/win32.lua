-- Heap engines through LuaJIT's FFI without the binding: the few calls that a program declares.

local ffi = require "ffi"

ffi.cdef [[
void *HeapCreate(uint32_t options, size_t initial, size_t maximum);
void *HeapAlloc(void *heap, uint32_t flags, size_t size);
void *HeapReAlloc(void *heap, uint32_t flags, void *block, size_t size);
int32_t HeapFree(void *heap, uint32_t flags, void *block);
const char *winheap_engine(void);
]]

local win32 = {}

local function library_path(engine)
    if engine:find("/", 1, true) then
        return engine
    end
    local folder = os.getenv("WINHEAP_LIBDIR")
    return (folder and folder .. "/" or "") .. "libwinheap-" .. engine .. ".so"
end

--- Loads an engine.
-- @string engine its name, or a path if it has a slash
-- @return the library's namespace
-- @treturn string what winheap_engine() says
function win32.load(engine)
    local library = ffi.load(library_path(engine))
    return library, ffi.string(library.winheap_engine())
end

return win32
