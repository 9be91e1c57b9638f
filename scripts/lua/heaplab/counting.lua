--- Instructions of one operation, counted by callgrind.
--
-- The benchmark program does N operations of a case, then 2N: the difference is N operations
-- exactly, whatever the program does before and after. Only the workload's own loop is looked at,
-- and the same for the empty strategy is taken off: what is left are the strategy's calls.
-- Addresses are not randomised, so that a count is the same each time.
-- @module heaplab.counting

local callers = require "heaplab.callers"
local files = require "heaplab.files"
local job = require "heaplab.job"
local measurement = require "heaplab.measurement"
local process = require "heaplab.process"
local proof = require "heaplab.proof"

local counting = {}

--- The function of every workload that callgrind looks at.
local LOOP = "run"

local TIMEOUT = 300

local function command(work, operations, counts, output)
  local argv = { process.find("setarch"), "-R", process.find("valgrind"), "--tool=callgrind",
    "--callgrind-out-file=" .. counts, "--toggle-collect=" .. LOOP }
  local program = job.command(work, { repetitions = 1, min_time = 0.001 }, output)
  for _, argument in ipairs(program) do argv[#argv + 1] = argument end
  argv[#argv + 1] = "--operations=" .. operations
  return argv
end

-- What the process says of itself: an error of the case, or another library than meant.
local function problem_of(work, output)
  local measured, err = measurement.read(output)
  if not measured then return err end
  local _, case = next(measured.cases)
  return case and case.problem or proof.wrong(work.entry, measured.context)
end

local function total(path)
  local text = files.read(path) or ""
  local count = tonumber(text:match("\ntotals: (%d+)") or text:match("\nsummary: (%d+)"))
  if not count or count == 0 then return nil, "callgrind counted nothing" end
  return count
end

local function run(work, operations, folder)
  local counts, output = folder .. "/callgrind.out", folder .. "/output.json"
  local result = process.run { argv = command(work, operations, counts, output),
    env = callers.environment(work.entry.caller, work.entry.preload), timeout = TIMEOUT }
  if not result.ok then return nil, process.describe(result) end
  local problem = problem_of(work, output)
  if problem then return nil, problem end
  return total(counts)
end

--- Instructions per operation of one case, the loop's own included.
-- @tparam table entry of a selection, of the caller c
-- @tparam table case of it, one that may share a process
-- @number operations N
-- @string folder for what the processes write
-- @treturn[1] number a whole one, unless the strategy does something only now and then
-- @treturn[2] nil
-- @treturn[2] string what happened
function counting.per_operation(entry, case, operations, folder)
  local work = { entry = entry, cases = { case } }
  local once, problem = run(work, operations, folder)
  if not once then return nil, problem end
  local twice
  twice, problem = run(work, 2 * operations, folder)
  if not twice then return nil, problem end
  return (twice - once) / operations
end

return counting
