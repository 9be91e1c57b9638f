--- The engine: which library the heaps come from, and its functions.
--
-- Every function is declared twice. Under its own name it is the ABI as C sees it, for
-- `winheap.raw`. Under `winheap_…` it takes and returns addresses as integers: in the interpreter
-- each pointer that reaches Lua is a new cdata, and making one may run the collector, and with it
-- anybody's finalizer. Numbers keep that out of the places where it would hurt (see state.lua).
local ffi = require "ffi"
local check = require "winheap.check"

ffi.cdef [[
void *HeapCreate(uint32_t options, size_t initial, size_t max);
int32_t HeapDestroy(void *heap);
void *HeapAlloc(void *heap, uint32_t flags, size_t size);
void *HeapReAlloc(void *heap, uint32_t flags, void *block, size_t size);
int32_t HeapFree(void *heap, uint32_t flags, void *block);
size_t HeapSize(void *heap, uint32_t flags, const void *block);
int32_t HeapValidate(void *heap, uint32_t flags, const void *block);
void *GetProcessHeap(void);
uint32_t GetProcessHeaps(uint32_t capacity, void **heaps);
uint32_t GetLastError(void);
void SetLastError(uint32_t code);
const char *winheap_version(void);
const char *winheap_engine(void);

intptr_t winheap_create(uint32_t, size_t, size_t) __asm__("HeapCreate");
int32_t winheap_destroy(intptr_t) __asm__("HeapDestroy");
intptr_t winheap_alloc(intptr_t, uint32_t, size_t) __asm__("HeapAlloc");
intptr_t winheap_realloc(intptr_t, uint32_t, intptr_t, size_t) __asm__("HeapReAlloc");
int32_t winheap_free(intptr_t, uint32_t, intptr_t) __asm__("HeapFree");
size_t winheap_size(intptr_t, uint32_t, intptr_t) __asm__("HeapSize");
int32_t winheap_validate(intptr_t, uint32_t, intptr_t) __asm__("HeapValidate");
intptr_t winheap_process_heap(void) __asm__("GetProcessHeap");

void *winheap_open(const char *path, int mode) __asm__("dlopen");
int winheap_glob(const char *, int, void *, void *result) __asm__("glob");
void winheap_globfree(void *result) __asm__("globfree");
]]

local glob_t = ffi.typeof "struct { size_t count; char **paths; size_t offset; void *other[6]; }"
local RTLD_NOW_NODELETE = 0x1002

local engine = {}

local DEFAULT = "native"
local loaded -- the library in use, once there is one
local loaded_from

local function library_path(name)
    if name:find("/", 1, true) then
        return name
    end
    local file = "libwinheap-" .. name .. ".so"
    local folder = os.getenv "WINHEAP_LIBDIR"
    return folder and folder .. "/" .. file or file
end

local function open(path)
    local found, library = pcall(ffi.load, path)
    if not found then
        return nil, "cannot load engine: " .. library
    elseif not pcall(function() return library.HeapCreate end) then
        return nil, ("'%s' is no heap engine: it exports no HeapCreate"):format(path)
    end
    -- It stays for good: at lua_close LuaJIT unloads it before the last finalizers have run, and an
    -- allocator has work to do when a thread ends.
    ffi.C.winheap_open(path, RTLD_NOW_NODELETE)
    return library
end

--- The library in use; loads the one that WINHEAP_ENGINE names, or `native`, when there is none.
-- @param method the caller, named in the error if it cannot be loaded
function engine.library(method)
    if loaded then
        return loaded
    end
    local path = library_path(os.getenv "WINHEAP_ENGINE" or DEFAULT)
    local library, problem = open(path)
    if not library then
        check.misuse(method, problem)
    end
    loaded, loaded_from = library, path
    return library
end

--- Chooses the engine; raises when it cannot be loaded, or when heaps of another one exist.
-- @param name a name (libwinheap-NAME.so) or, with a slash in it, a path
-- @param in_use whether this Lua state has already made a heap
function engine.use(name, in_use)
    if type(name) ~= "string" or name == "" then
        check.misuse("winheap.use", "engine must be a name or a path")
    end
    local path = library_path(name)
    if loaded_from == path then
        return
    end
    local library, problem = open(path)
    if not library then
        check.misuse("winheap.use", problem)
    elseif in_use then
        check.misuse("winheap.use", ("too late: heaps of '%s' exist"):format(loaded_from))
    end
    loaded, loaded_from = library, path
end

local function search_folders()
    local folder = os.getenv "WINHEAP_LIBDIR"
    if folder then
        return { folder }
    end
    local folders = {}
    for entry in (os.getenv "LD_LIBRARY_PATH" or ""):gmatch "[^:]+" do
        folders[#folders + 1] = entry
    end
    folders[#folders + 1] = "/usr/local/lib"
    folders[#folders + 1] = "/usr/lib"
    return folders
end

local function add_names(names, folder)
    local result = glob_t()
    if ffi.C.winheap_glob(folder .. "/libwinheap-*.so", 0, nil, result) == 0 then
        for i = 0, tonumber(result.count) - 1 do
            local name = ffi.string(result.paths[i]):match "libwinheap%-([^/]+)%.so$"
            names[name] = true
        end
        ffi.C.winheap_globfree(result)
    end
end

--- The names of the engines found, sorted; nothing is loaded.
function engine.names()
    local found, names = {}, {}
    for _, folder in ipairs(search_folders()) do
        add_names(found, folder)
    end
    for name in pairs(found) do
        names[#names + 1] = name
    end
    table.sort(names)
    return names
end

return engine
