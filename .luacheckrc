std = "max"
max_line_length = 100
codes = true
self = false -- a method may leave its object unused
exclude_files = { "build/**", "results/**" }
-- luaunit finds test classes by their global names.
files["**/test_*.lua"] = { allow_defined_top = true, ignore = { "131/[Tt]est.*" } }
