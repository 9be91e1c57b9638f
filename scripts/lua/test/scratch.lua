-- Folders and files of tests: made empty, removed whole.
local lfs = require "lfs"
local stdlib = require "posix.stdlib"

local scratch = {}

function scratch.make()
  return assert(stdlib.mkdtemp((os.getenv("TMPDIR") or "/tmp") .. "/heaplab-test-XXXXXX"))
end

function scratch.remove(path)
  if lfs.symlinkattributes(path, "mode") == "directory" then
    for name in lfs.dir(path) do
      if name ~= "." and name ~= ".." then scratch.remove(path .. "/" .. name) end
    end
  end
  assert(os.remove(path))
end

function scratch.read(path)
  local file = assert(io.open(path, "rb"))
  local content = file:read("*a")
  file:close()
  return content
end

function scratch.write(path, content)
  local file = assert(io.open(path, "wb"))
  assert(file:write(content))
  assert(file:close())
end

-- Whether every element of an XML text is closed by its own end tag, nothing but text between.
function scratch.well_formed(xml)
  local open = {}
  local body = xml:gsub("<%?.-%?>", ""):gsub("<!%-%-.-%-%->", ""):gsub("<!.->", "")
    :gsub("<!%[CDATA%[.-%]%]>", "")
  for closing, name, rest in body:gmatch("<(/?)([%w:_-]+)([^<>]*)>") do
    if closing == "/" then
      if table.remove(open) ~= name then return false, name end
    elseif rest:sub(-1) ~= "/" then
      open[#open + 1] = name
    end
  end
  local outside = body:gsub("<[^<>]*>", "")
  return #open == 0 and not outside:find("<", 1, true)
end

return scratch
