-- Runs the specification of the binding on the VM and the engine it is given.
--
--   luajit bindings/spec/main.lua [--jit=off] [luaunit options]
--   lua5.4 bindings/spec/main.lua [--gc=incremental|generational] [luaunit options]
--
-- The engine comes from WINHEAP_ENGINE, `winheap` from the VM's search path. One file tests one
-- part of docs/binding.md; all run on both VMs, and what only one has is guarded by vm.jit.
local here = arg[0]:match "^(.*)/" or "."
package.path = here .. "/?.lua;" .. package.path

local luaunit = require "luaunit"
local vm = require "vm"

local FILES = { "module", "heap", "blob", "bytes", "collector", "closing", "script" }

local options = { "--output", "text" } -- with none at all, luaunit reads the command line itself
for _, option in ipairs(arg) do
    if not vm.set(option) then
        options[#options + 1] = option
    end
end
for _, name in ipairs(FILES) do
    require("test_" .. name)
end
os.exit(luaunit.LuaUnit.run((table.unpack or unpack)(options)), true)
