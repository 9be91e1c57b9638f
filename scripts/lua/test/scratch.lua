-- Folders of tests, and the command line run in one.
local stdlib = require "posix.stdlib"

local files = require "heaplab.files"
local paths = require "heaplab.paths"
local process = require "heaplab.process"

local scratch = {}

-- A new empty folder.
function scratch.make()
  return assert(stdlib.mkdtemp((os.getenv("TMPDIR") or "/tmp") .. "/heaplab-test-XXXXXX"))
end

function scratch.remove(path)
  assert(files.remove(path))
end

function scratch.read(path)
  return assert(files.read(path))
end

-- Runs `heaplab ...` with `results` as its results folder: a result of heaplab.process.run.
function scratch.heaplab(results, ...)
  local env = stdlib.getenv()
  env.HEAPLAB_RESULTS, env.HEAPLAB_DB = results, nil
  return process.run { argv = { paths.root .. "/scripts/heaplab", ... }, env = env }
end

-- Whether every element of an XML text is closed by its own end tag, nothing but text between.
function scratch.well_formed(xml)
  local open = {}
  local body = xml:gsub("<%?.-%?>", ""):gsub("<!%-%-.-%-%->", ""):gsub("<!.->", "")
  for closing, name, rest in body:gmatch("<(/?)([%w:_-]+)([^<>]*)>") do
    if closing == "/" then
      if table.remove(open) ~= name then return false, name end
    elseif rest:sub(-1) ~= "/" then
      open[#open + 1] = name
    end
  end
  return #open == 0 and not body:gsub("<[^<>]*>", ""):find("<", 1, true)
end

return scratch
