-- The table of strategy families. A new one is its file in strategies/ and its line here.
--
-- A family's file returns a list of strategies; each has
--   name     as in case keys; ENGINE in it stands for the name of any heap engine
--   alloc    source of an expression: a new blob of `size` bytes, or nil where there is no memory
--   null     source of a condition: `blob` is a pointer to no memory; nil where alloc gives nil or
--            raises then, and realloc does as said below. Not used with jit=off (child/program.lua)
--   pointer  source of an expression: where the bytes of `blob` are
--   free     source of a statement that releases `blob` by hand; nil where only the collector can
--   realloc  source of a statement: `blob`, now of `previous` bytes, becomes one of `size`, or
--            out_of_memory(size) is called, or null holds; nil where there is no such thing
--   load     function(engine): called once with the name or path of the engine (nil unless the name
--            says ENGINE); returns what open needs and what winheap_engine() says. nil if there is
--            no engine to load.
--   open     function(loaded): called for each case, before the clock starts; returns a table of
--            what the sources above use, by name
--   needs    "engine" if its runs are given an engine library (see --list-strategies)
--   userdata true if pointers are userdata, light or full, on LuaJIT too
-- `vm` is the only caller that has the family.
return {
    { file = "heap" },
    { file = "ffi_gc", vm = "luajit" },
    { file = "metatype", vm = "luajit" },
    { file = "pool" },
    { file = "ffi_new", vm = "luajit" },
    { file = "userdata" },
    { file = "empty" },
}
