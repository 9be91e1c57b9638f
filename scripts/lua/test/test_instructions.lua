-- `heaplab instructions` from outside: exact counts under the real callgrind, and what goes wrong.

local lu = require "luaunit"

local files = require "heaplab.files"
local paths = require "heaplab.paths"
local process = require "heaplab.process"
local scratch = require "test.scratch"
local tsv = require "heaplab.tsv"

if not process.find("valgrind") then
  print("skipped: no valgrind")
  os.exit(77)
end

local TestInstructions = {}

function TestInstructions:setUp()
  self.folder = scratch.make()
end

function TestInstructions:tearDown()
  scratch.remove(self.folder)
end

function TestInstructions:heaplab(path, ...)
  return process.run { argv = { paths.root .. "/scripts/heaplab", "instructions", ... },
    env = { PATH = path .. os.getenv("PATH"), HEAPLAB_BUILD = paths.build(),
      HEAPLAB_RESULTS = self.folder } }
end

-- Counts by strategy, of 64 byte pairs.
function TestInstructions:counts(...)
  local result = self:heaplab("", "--filter", "^c/pair/.*size=64$", "--operations", "1000",
    "--format", "tsv", "--strategy", ...)
  lu.assertEquals(result.code, 0, result.stderr)
  local counts = {}
  for _, row in ipairs(tsv.parse(result.stdout)) do
    lu.assertEquals({ row.workload, row.params }, { "pair", "size=64" })
    counts[row.strategy] = tonumber(row.instructions)
  end
  return counts
end

function TestInstructions:test_counts_are_whole_and_the_same_each_time()
  local counts = self:counts("heap:native", "malloc:glibc")
  lu.assertEquals(self:counts("heap:native", "malloc:glibc"), counts)
  for _, strategy in ipairs { "heap:native", "malloc:glibc" } do
    lu.assertEquals(counts[strategy] % 1, 0)
    lu.assertTrue(counts[strategy] > 20)
  end
end

-- A heap that clears each block does all that one does that does not, and more. floor is the call
-- of a function of two instructions for each of allocating and freeing.
function TestInstructions:test_more_work_is_more_instructions()
  local counts = self:counts("heap:native", "heap:native+zero_memory", "floor")
  lu.assertTrue(counts["heap:native+zero_memory"] > counts["heap:native"])
  lu.assertTrue(counts.floor > 0 and counts.floor < 20)
end

local function write_program(path, text)
  assert(files.write(path, "#!/bin/sh\n" .. text))
  assert(process.run({ argv = { "chmod", "+x", path } }).ok)
end

function TestInstructions:test_what_goes_wrong_is_said_in_one_line()
  local function refused(expected, ...)
    local result = self:heaplab(self.folder .. ":", ...)
    lu.assertEquals({ result.code, result.stdout }, { 1, "" })
    lu.assertStrMatches(result.stderr, "heaplab: [^\n]+\n")
    lu.assertStrContains(result.stderr, expected)
  end
  refused("needs a process to itself", "--filter", "c/churn/")
  write_program(self.folder .. "/setarch", "echo broken >&2; exit 3\n")
  refused("nop: pair/size=64: exit 3: broken", "--strategy", "nop")
  -- Everything runs, but nothing is counted.
  write_program(self.folder .. "/setarch", 'shift 5; exec "$@"\n')
  refused("nop: pair/size=64: callgrind counted nothing", "--strategy", "nop")
end

os.exit(lu.LuaUnit.new():runSuiteByInstances({ { "instructions", TestInstructions } }))
