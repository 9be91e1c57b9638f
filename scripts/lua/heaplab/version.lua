--- Which heaplab this is: the version of CMakeLists.txt and the commit of the tree.
-- @module heaplab.version

local files = require "heaplab.files"
local paths = require "heaplab.paths"

local version = {}

--- The version number, as CMakeLists.txt states it.
function version.number()
  local text = files.read(paths.root .. "/CMakeLists.txt") or ""
  return text:match("project%(heaplab%s+VERSION%s+([%d.]+)") or "unknown"
end

local function git(arguments)
  local root = paths.root:gsub("'", "'\\''")
  local pipe = io.popen(("git -C '%s' %s 2>/dev/null"):format(root, arguments))
  if not pipe then return "" end
  local text = pipe:read("*a")
  pipe:close()
  return (text:gsub("%s+$", ""))
end

--- The short commit id of the tree, or nil when it is not a git checkout, and whether tracked
-- files differ from it.
function version.commit()
  local commit = git("rev-parse --short HEAD")
  if commit == "" then return nil, false end
  return commit, git("status --porcelain --untracked-files=no") ~= ""
end

--- Version and commit for people, as in `0.1.0 (c47f067, modified)`.
function version.describe()
  local commit, dirty = version.commit()
  if not commit then return version.number() end
  return ("%s (%s%s)"):format(version.number(), commit, dirty and ", modified" or "")
end

return version
