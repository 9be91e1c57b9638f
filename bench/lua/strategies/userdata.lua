-- userdata:*: what a C module does without an FFI (module heaplab_userdata).
--
-- :inline has the memory inside the userdata: the collector counts it, sweeps it and needs no
-- finalizer; there is no release by hand, and to grow is to copy. :malloc points to memory that a C
-- __gc frees, and that can be freed or resized by hand. Neither clears new memory.

-- The functions of the module as locals of the loop, as a program that cares would have them.
local function open_functions(...)
    local names = { ... }
    return function()
        local memory, locals = require "heaplab_userdata", {}
        for _, name in ipairs(names) do
            locals[name] = memory[name]
        end
        return locals
    end
end

return {
    {
        name = "userdata:inline",
        alloc = "inline(size)",
        pointer = "blob",
        userdata = true,
        realloc = "blob = inline_realloc(blob, size)",
        open = open_functions("inline", "inline_realloc"),
    },
    {
        name = "userdata:malloc",
        alloc = "malloc(size)",
        pointer = "data(blob)",
        userdata = true,
        free = "free(blob)",
        realloc = "realloc(blob, size)",
        open = open_functions("malloc", "data", "free", "realloc"),
    },
}
