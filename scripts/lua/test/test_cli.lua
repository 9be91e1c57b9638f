-- The command line's frame: launcher, verbs, exit codes, one-line errors.

local lfs = require "lfs"
local lu = require "luaunit"

local files = require "heaplab.files"
local paths = require "heaplab.paths"
local process = require "heaplab.process"
local progress = require "heaplab.progress"
local scratch = require "test.scratch"

local HEAPLAB = paths.root .. "/scripts/heaplab"

local function write(path, text)
  assert(files.write(path, text))
end

local TestCli = {}

function TestCli:setUp()
  self.folder = scratch.make()
end

function TestCli:tearDown()
  scratch.remove(self.folder)
end

local function heaplab(arguments, env, program)
  env = env or {}
  env.PATH = env.PATH or os.getenv("PATH")
  return process.run { argv = { program or HEAPLAB, unpack(arguments) }, env = env, cwd = "/" }
end

function TestCli.test_help_lists_every_verb()
  local result = heaplab { "--help" }
  lu.assertTrue(result.ok)
  for _, verb in ipairs { "cases", "compare", "run", "stress" } do
    lu.assertStrMatches(result.stdout, ".*\n  " .. verb .. " +%l[^\n]+\n.*")
    local help = heaplab { verb, "--help" }
    lu.assertTrue(help.ok)
    lu.assertStrContains(help.stdout, "Usage: heaplab " .. verb)
  end
end

function TestCli.test_version()
  lu.assertStrMatches(heaplab({ "--version" }).stdout, "heaplab %d+%.%d+%.%d+[^\n]*\n")
end

function TestCli.test_unknown_verbs_list_the_valid_ones()
  local result = heaplab { "nosuch" }
  lu.assertEquals(result.code, 1)
  lu.assertStrMatches(result.stderr,
    "heaplab: unknown verb 'nosuch'; verbs: [^\n]*compare[^\n]*run[^\n]*\n")
  lu.assertEquals(heaplab({}).code, 1)
end

function TestCli:test_it_starts_through_symbolic_links_of_any_kind()
  local link, other = self.folder .. "/one", self.folder .. "/two"
  assert(lfs.link(HEAPLAB, link, true))
  assert(lfs.link("one", other, true))
  lu.assertStrContains(heaplab({ "--version" }, nil, link).stdout, "heaplab ")
  lu.assertStrContains(heaplab({ "--version" }, nil, other).stdout, "heaplab ")
end

function TestCli:test_a_foreign_lua_path_changes_nothing()
  write(self.folder .. "/argparse.lua", "error 'foreign'")
  local result = heaplab({ "run", "--help" }, { LUA_PATH = self.folder .. "/?.lua",
    LUA_INIT = "error 'foreign'" })
  lu.assertTrue(result.ok, result.stderr)
end

function TestCli:test_without_luajit_it_says_how_to_get_it()
  for _, name in ipairs { "sh", "dirname", "readlink" } do
    assert(lfs.link(process.find(name), self.folder .. "/" .. name, true))
  end
  local result = heaplab({ "--version" }, { PATH = self.folder })
  lu.assertEquals(result.code, 1)
  lu.assertStrMatches(result.stderr, "heaplab: luajit not found; install it[^\n]*\n")
end

-- A copy of the tree's scripts, to break.
function TestCli:copy()
  assert(process.run({ argv = { "cp", "-r", paths.root .. "/scripts", self.folder } }).ok)
  return self.folder .. "/scripts/heaplab", self.folder .. "/scripts/lua/heaplab/"
end

function TestCli:test_a_missing_lua_module_is_named()
  local program, modules = self:copy()
  write(modules .. "verb/broken.lua", "return require 'no.such.module'")
  local result = heaplab({ "broken" }, nil, program)
  lu.assertEquals(result.code, 1)
  lu.assertStrMatches(result.stderr, "heaplab: the Lua module 'no.such.module' is missing[^\n]*\n")
end

function TestCli:test_an_internal_error_is_one_line_and_a_traceback_on_demand()
  local program, modules = self:copy()
  write(modules .. "verb/broken.lua",
    "return { summary = 's', run = function() local t; return t.x end }")
  local result = heaplab({ "broken" }, nil, program)
  lu.assertEquals(result.code, 1)
  lu.assertStrMatches(result.stderr, "heaplab: internal error: [^\n]*broken.lua:1:[^\n]*\n")
  local traced = heaplab({ "broken" }, { HEAPLAB_DEBUG = "1" }, program)
  lu.assertEquals(traced.code, 1)
  lu.assertStrContains(traced.stderr, "stack traceback")
end

function TestCli.test_a_full_standard_output_is_an_error()
  local result = process.run { argv = { "sh", "-c", '"$0" --help >/dev/full', HEAPLAB } }
  lu.assertEquals({ result.code, result.stderr },
    { 1, "heaplab: cannot write to standard output\n" })
end

local TestFiles = {}

-- A limit on the file's size stands for a disk that fills up. LuaJIT compiles what has gone well
-- often enough, and its compiled file:flush() is deaf to what comes then.
function TestFiles.test_every_failed_write_is_noticed()
  local script = [[
    local files, done = require "heaplab.files", 0
    for _ = 1, 2000 do
      if files.append(arg[1], ("x"):rep(16)) then done = done + 1 end
    end
    io.write(done * 16)
  ]]
  local folder = scratch.make()
  write(folder .. "/script.lua", script)
  local result = process.run { argv = { "sh", "-c",
    "trap '' XFSZ; ulimit -f 16; exec luajit \"$0/script.lua\" \"$0/file\"", folder } }
  lu.assertEquals(tonumber(result.stdout), #scratch.read(folder .. "/file"))
  lu.assertTrue(tonumber(result.stdout) < 2000 * 16)
  scratch.remove(folder)
end

function TestFiles.test_a_failed_write_leaves_the_old_file()
  local folder = scratch.make()
  write(folder .. "/file", "old")
  assert(lfs.mkdir(folder .. "/folder"))
  lu.assertNil((files.write(folder .. "/folder", "new")))
  lu.assertNil((files.write(folder .. "/none/file", "new")))
  write(folder .. "/file", ("long"):rep(10 ^ 6))
  lu.assertEquals(#scratch.read(folder .. "/file"), 4 * 10 ^ 6)
  lu.assertEquals(files.list(folder), { "file", "folder" })
  scratch.remove(folder)
end

function TestFiles.test_a_folder_that_cannot_be_claimed()
  local path, err = files.claim("/proc/self", "run")
  lu.assertNil(path)
  lu.assertStrMatches(err, "cannot make the folder /proc/self/run: %S.*")
end

local TestProgress = {}

local function file()
  local text = {}
  return { write = function(_, ...)
    for _, part in ipairs { ... } do text[#text + 1] = part end
  end, flush = function() end, text = function() return table.concat(text) end }
end

function TestProgress.test_a_line_per_round_without_a_terminal()
  local out = file()
  local display = progress.new { rounds = 2, steps = 4, noun = "processes", out = out,
    terminal = false }
  for round = 1, 2 do
    display:step()
    display:step()
    display:finish_round(round)
  end
  display:close()
  local lines = out.text()
  lu.assertStrMatches(lines, "round 1/2, 2 of 4 processes, ETA [^\n]*\n"
    .. "round 2/2, 4 of 4 processes, ETA 0.0 s\n")
end

function TestProgress.test_one_redrawn_line_on_a_terminal()
  local out = file()
  local display = progress.new { rounds = 1, steps = 2, noun = "processes", out = out,
    terminal = true }
  display:step()
  lu.assertStrContains(out.text(), "\r\27[K[############            ] round 1/1, 1 of 2")
  display:close()
  lu.assertNotStrContains(out.text(), "\n")
  lu.assertStrMatches(out.text(), ".*\r\27%[K")
end

function TestProgress.test_the_eta_follows_the_pace()
  local display = progress.new { steps = 10, noun = "seconds", out = file(), terminal = false }
  lu.assertNil(display:eta())
  display.began = display.began - 30
  display:reach(3)
  lu.assertAlmostEquals(display:eta(), 70, 1)
end

os.exit(lu.LuaUnit.new():runSuiteByInstances({ { "cli", TestCli }, { "files", TestFiles },
  { "progress", TestProgress } }))
