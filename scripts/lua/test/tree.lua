--- A copy of the start scripts in a temporary tree, for their tests.
--
-- There cmake, ctest, apt-get, dpkg-query, sudo and heaplab are stubs that write down how they were
-- called: nothing is installed or built. Everything else is this machine's own.
-- @module test.tree

local dir = require "pl.dir"
local file = require "pl.file"
local path = require "pl.path"

local source = path.abspath(arg[0]):match("^(.*)/scripts/lua/test/")

-- What a stub does after it has written down its call.
local STUBS = {
  -- $ABSENT is not installed until apt-get has installed something.
  ["apt-get"] = 'case " $* " in *" install "*) touch "$CALLS.installed" ;; esac',
  ["cmake"] = "true",
  ["ctest"] = [[
    while [ "$1" != --output-log ]; do shift; done
    mkdir -p "$(dirname "$2")" && echo "100% tests passed" >"$2"]],
  ["dpkg-query"] = [[
    for package; do
      if [ "$package" = "${ABSENT:-}" ] && ! [ -e "$CALLS.installed" ]
      then echo "un  $package"; else echo "ii  $package"; fi
    done]],
  ["id"] = 'echo "${FAKE_UID:-0}"',
  ["sudo"] = '"$@"',
}

-- A run that leaves a new folder under `latest`.
local RUN = 'mkdir -p "$HEAPLAB_RESULTS/runs" && ln -sfn $$ "$HEAPLAB_RESULTS/runs/latest"'

local Tree = {}
Tree.__index = Tree

Tree.stubs = STUBS -- by name
Tree.run_stub = RUN

--- A new tree in the folder `root`.
function Tree.new()
  local root = os.tmpname()
  os.remove(root)
  local self = setmetatable({ root = root, bin = root .. "/bin" }, Tree)
  self.path = self.bin .. ":" .. os.getenv("PATH")
  dir.makepath(self.bin)
  dir.makepath(root .. "/scripts")
  for _, name in ipairs { "bench", "test", "nightly", "sh", "packages.txt" } do
    assert(os.execute(("cp -R %s/scripts/%s %s/scripts/"):format(source, name, root)) == 0)
  end
  for name, body in pairs(STUBS) do self:program(name, body) end
  self:heaplab('[ "$1" != run ] || { ' .. RUN .. "; }")
  return self
end

function Tree:delete()
  assert(os.execute("rm -r " .. self.root) == 0)
end

local function write_program(name, body)
  os.remove(name)
  file.write(name, ([[#!/bin/sh
[ -z "${CALLS:-}" ] || printf '%%s\n' "%s $*" >>"$CALLS"
%s
]]):format(path.basename(name), body))
  assert(os.execute("chmod +x " .. name) == 0)
end

--- Puts a stub over the program `name`.
function Tree:program(name, body)
  write_program(self.bin .. "/" .. name, body)
end

--- Says what scripts/heaplab does when called.
function Tree:heaplab(body)
  write_program(self.root .. "/scripts/heaplab", body)
end

--- Takes programs off the machine: PATH becomes a folder of links to all others.
function Tree:remove(...)
  local others = self.root .. "/others"
  assert(os.execute(("mkdir %s && ln -s /usr/bin/* %s"):format(others, others)) == 0)
  for _, name in ipairs { ... } do
    os.remove(self.bin .. "/" .. name)
    os.remove(others .. "/" .. name)
  end
  self.path = self.bin .. ":" .. others
end

--- Starts `command` in the tree, with `environment` ("A=1 B=2") before it.
-- @return exit status, all that it printed, the stubs' calls one per line
function Tree:run(command, environment)
  local calls, output = self.root .. "/calls", self.root .. "/output"
  for _, name in ipairs { calls, calls .. ".installed" } do os.remove(name) end
  local line = ("cd %s && PATH=%s CALLS=%s HEAPLAB_RESULTS= SUDO_UID= %s %s >%s 2>&1 </dev/null")
    :format(self.root, self.path, calls, environment or "", command, output)
  local status = os.execute(line)
  return status / 256, file.read(output), file.read(calls) or ""
end

return Tree
