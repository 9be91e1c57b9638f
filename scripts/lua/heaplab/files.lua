--- Files that are either whole or not there: every write and close is checked.
-- All functions return nil and a one-line message when they fail.
-- @module heaplab.files

local errno = require "posix.errno"
local fcntl = require "posix.fcntl"
local lfs = require "lfs"
local stdio = require "posix.stdio"
local unistd = require "posix.unistd"

local files = {}

-- How much is handed to the system at a time.
local CHUNK = 2 ^ 20

-- rw for owner, group and others, less the umask.
local PERMISSIONS = tonumber("666", 8)

--- The text of a file.
function files.read(path)
  local file, err = io.open(path, "rb")
  if not file then return nil, err end
  local text, read_err = file:read("*a")
  file:close()
  if not text then return nil, ("%s: %s"):format(path, read_err) end
  return text
end

--- The first line of a file without its newline, or nil: for /proc and /sys.
function files.first_line(path)
  local text = files.read(path)
  return text and text:match("^[^\n]*")
end

-- Not through io: LuaJIT compiles file:flush() to a call whose failure it does not look at, so that
-- in a loop a full disk would go unnoticed.
local function write_all(fd, text)
  local at = 1
  while at <= #text do
    local count, err, number = unistd.write(fd, text:sub(at, at + CHUNK - 1))
    if count then
      at = at + count
    elseif number ~= errno.EINTR then
      return nil, err
    end
  end
  return true
end

local function write_file(path, flags, text)
  local fd, err = fcntl.open(path, flags + fcntl.O_WRONLY + fcntl.O_CREAT, PERMISSIONS)
  if not fd then return nil, "cannot write " .. err end
  local ok, write_err = write_all(fd, text)
  local closed, close_err = unistd.close(fd)
  if ok and closed then return true end
  return nil, ("cannot write %s: %s"):format(path, write_err or close_err)
end

--- Appends text to a file, creating it if needed.
function files.append(path, text)
  return write_file(path, fcntl.O_APPEND, text)
end

--- Writes a file under a temporary name and renames it, so that a reader never sees half of it.
function files.write(path, text)
  local temporary = ("%s.tmp%d"):format(path, unistd.getpid())
  local ok, err = write_file(temporary, fcntl.O_TRUNC, text)
  if ok then
    ok, err = stdio.rename(temporary, path)
    if ok then return true end
    err = "cannot write " .. err
  end
  os.remove(temporary)
  return nil, err
end

--- Whether a folder still takes a megabyte: leaves nothing there.
function files.has_room(folder)
  local path = ("%s/room.tmp%d"):format(folder, unistd.getpid())
  local ok, err = write_file(path, fcntl.O_TRUNC, ("x"):rep(CHUNK))
  os.remove(path)
  return ok, err
end

--- Writes text to standard output, after what print and io.write have buffered.
function files.emit(text)
  local ok = io.stdout:flush() and write_all(unistd.STDOUT_FILENO, text)
  if ok then return true end
  return nil, "cannot write to standard output"
end

--- Makes `link` a symbolic link to `target`, replacing an older one in one step.
function files.relink(target, link)
  local temporary = ("%s.tmp%d"):format(link, unistd.getpid())
  local ok, err = unistd.link(target, temporary, true)
  if ok then ok, err = stdio.rename(temporary, link) end
  if ok then return true end
  os.remove(temporary)
  return nil, ("cannot make the link %s: %s"):format(link, err)
end

--- Whether the path names a directory.
function files.is_directory(path)
  return lfs.attributes(path, "mode") == "directory"
end

--- Whether the path names anything.
function files.exists(path)
  return lfs.attributes(path, "mode") ~= nil
end

--- Makes a directory and those above it.
function files.make_directories(path)
  if files.is_directory(path) then return true end
  local parent = path:match("^(.+)/[^/]+/*$")
  if parent then
    local ok, err = files.make_directories(parent)
    if not ok then return nil, err end
  end
  local ok, err = lfs.mkdir(path)
  if ok or files.is_directory(path) then return true end
  return nil, ("cannot make the folder %s: %s"):format(path, err)
end

--- Makes a directory that was not there before: PARENT/NAME, or PARENT/NAME-2 and so on.
-- @return its path, its name
function files.claim(parent, name)
  local ok, err = files.make_directories(parent)
  local claimed, attempt = name, 1
  while ok do
    local path = parent .. "/" .. claimed
    local made, mkdir_err = lfs.mkdir(path)
    if made then return path, claimed end
    ok, err = files.exists(path), ("cannot make the folder %s: %s"):format(path, mkdir_err)
    attempt = attempt + 1
    claimed = name .. "-" .. attempt
  end
  return nil, err
end

--- The sorted names in a directory, without the dot entries; empty when it is not there.
function files.list(path)
  local names = {}
  if not files.is_directory(path) then return names end
  for name in lfs.dir(path) do
    if name:sub(1, 1) ~= "." then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

--- Removes a file or a whole directory.
function files.remove(path)
  if lfs.symlinkattributes(path, "mode") == "directory" then
    for name in lfs.dir(path) do
      if name ~= "." and name ~= ".." then files.remove(path .. "/" .. name) end
    end
    return lfs.rmdir(path)
  end
  return os.remove(path)
end

return files
