-- The script of BINDING.md, written with globals, as its own program.
local lu = require "luaunit"
local vm = require "vm"

TestScript = {}

function TestScript.test_it_runs_with_globals()
    local output, code = vm.run "script.lua"
    lu.assertEquals(code, 0, output)
    lu.assertStrContains(output, "Blob IsValid:\ttrue\t1024\n")
    lu.assertStrContains(output, "done\n")
end
