--- One measuring process: its command line, its run, its result.
-- @module heaplab.job

local callers = require "heaplab.callers"
local key = require "heaplab.key"
local measurement = require "heaplab.measurement"
local process = require "heaplab.process"
local proof = require "heaplab.proof"

local job = {}

-- Generous: a limit is for what hangs. An alone case does a fixed number of operations, which a
-- slow strategy may take seconds for; a shared one is given a time to run.
local TIMEOUT_ALONE, TIMEOUT_BASE, TIMEOUT_PER_CASE = 120, 20, 4

local function timeout(work, settings)
  if settings.timeout then return settings.timeout end
  if work.cases[1].mode ~= "shared" then return TIMEOUT_ALONE end
  return TIMEOUT_BASE + TIMEOUT_PER_CASE * #work.cases
end

local function add_all(argv, ...)
  for _, argument in ipairs { ... } do argv[#argv + 1] = argument end
end

--- The command line that measures.
-- @tparam table work `entry` and `cases`
-- @tparam table settings `repetitions`, `min_time`, `cpu` (pin to it, or nil)
-- @string output path of the JSON
function job.command(work, settings, output)
  local entry, argv = work.entry, {}
  if settings.cpu then add_all(argv, "taskset", "-c", tostring(settings.cpu)) end
  add_all(argv, unpack(entry.caller.argv))
  add_all(argv, "--strategy=" .. entry.child_name)
  if entry.engine then add_all(argv, "--engine=" .. entry.engine) end
  if entry.preload then add_all(argv, "--expect-malloc=" .. entry.preload) end
  for _, case in ipairs(work.cases) do
    add_all(argv, "--case=" .. key.bench(case.workload, case.params))
  end
  add_all(argv, "--benchmark_out=" .. output, "--benchmark_out_format=json")
  if work.cases[1].mode == "shared" then
    add_all(argv, "--benchmark_repetitions=" .. settings.repetitions,
      "--benchmark_min_time=" .. settings.min_time)
  end
  return argv
end

local function collect(work, result)
  local missing
  for _, case in ipairs(work.cases) do
    local values = result.cases[key.bench(case.workload, case.params)]
    if not values then missing = missing or case end
  end
  if missing then
    return nil, "it reported no result for " .. key.bench(missing.workload, missing.params)
  end
  return result
end

--- Runs a job.
-- @tparam table work `entry` and `cases`
-- @tparam table settings as for @{command}, and `timeout` (seconds, or nil), `on_tick`
-- @string output path of the JSON; what a failed process leaves there is removed
-- @treturn[1] table as measurement.read returns it, with every case of the job
-- @treturn[2] nil
-- @treturn[2] string what happened
-- @treturn[2] string "interrupted", "process" or "proof": what kind of failure it is
function job.run(work, settings, output)
  local result = process.run({ argv = job.command(work, settings, output),
    env = callers.environment(work.entry.caller, work.entry.preload),
    timeout = timeout(work, settings), on_tick = settings.on_tick })
  if not result.ok then
    os.remove(output)
    local kind = result.kind == "interrupted" and "interrupted" or "process"
    return nil, process.describe(result), kind
  end
  local measured, err = measurement.read(output)
  if measured then
    local wrong = proof.wrong(work.entry, measured.context, work.entry.proof)
    if wrong then return nil, wrong, "proof" end
    measured, err = collect(work, measured)
  end
  if not measured then return nil, err, "process" end
  return measured
end

return job
