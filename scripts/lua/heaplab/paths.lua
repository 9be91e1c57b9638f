--- Where things are: the source tree, its builds, the results.
-- @module heaplab.paths

local stdlib = require "posix.stdlib"

local paths = {}

local here = debug.getinfo(1, "S").source:match("^@(.*)/scripts/lua/heaplab/paths%.lua$")

--- The source tree, absolute, symbolic links resolved.
paths.root = assert(stdlib.realpath(here or "."), "cannot find the source tree")

--- The folder that holds runs/, stress/ and history.db: the environment's HEAPLAB_RESULTS, or
-- results/ in the tree. A verb's --out replaces it through @{set_results}.
paths.results = os.getenv("HEAPLAB_RESULTS") or paths.root .. "/results"

--- The build folder of a CMake preset; without one the environment's HEAPLAB_BUILD or `release`.
function paths.build(preset)
  if not preset and os.getenv("HEAPLAB_BUILD") then return os.getenv("HEAPLAB_BUILD") end
  return paths.root .. "/build/" .. (preset or "release")
end

--- The folder of all runs.
function paths.runs()
  return paths.results .. "/runs"
end

--- Replaces the results folder for this process.
function paths.set_results(dir)
  paths.results = dir
end

return paths
