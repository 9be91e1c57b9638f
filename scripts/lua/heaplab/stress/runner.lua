--- Runs the stress harnesses one after the other and reads what they found.
-- @module heaplab.stress.runner

local cjson = require "cjson"

local clock = require "heaplab.clock"
local files = require "heaplab.files"
local json = require "heaplab.json"
local process = require "heaplab.process"
local progress = require "heaplab.progress"

local runner = {}

local function failed(job, options, what, seconds)
  return { harness = job.harness, caller = job.caller, engine = job.engine.name,
    seed = options.seed, status = "failed", operations = 0, rate = 0, peak_live_bytes = 0,
    seconds = seconds, failures = json.array { { what = what } }, timeline = json.array() }
end

-- What a harness wrote, or a failure in its place: it may have died before writing anything.
local function result_of(job, options, ended, path)
  local ok, result = pcall(cjson.decode, files.read(path) or "")
  if not ok or not ended.ok and result.status == "passed" then
    return failed(job, options, process.describe(ended), ended.seconds)
  end
  json.array(result.failures)
  json.array(result.timeline)
  return result
end

-- A harness stops by itself; one that runs far beyond its time hangs.
local function limit(seconds)
  return 3 * seconds + 60
end

local function run_job(job, options, folder, on_tick)
  local path = ("%s/%s-%s-%s.json"):format(folder, job.harness, job.caller, job.engine.name)
  local argv = { unpack(job.argv) }
  for _, argument in ipairs { "--engine=" .. job.engine.path, "--seed", tostring(options.seed),
    "--seconds", tostring(options.seconds), "--json", path } do
    argv[#argv + 1] = argument
  end
  local ended = process.run { argv = argv, env = job.env, timeout = limit(options.seconds),
    on_tick = on_tick }
  if ended.kind == "interrupted" then return nil end
  return result_of(job, options, ended, path)
end

--- Runs all jobs, showing progress; stops at a signal.
-- @tparam {table,...} jobs as harnesses.jobs returns them
-- @tparam table options `seed`, `seconds`
-- @string folder for the JSON of each
-- @treturn {table,...} results: what each harness wrote, or a failure that says how it ended
function runner.run(jobs, options, folder)
  local display = progress.new { steps = #jobs * options.seconds, noun = "seconds" }
  local results = json.array()
  for i, job in ipairs(jobs) do
    local began = clock.seconds()
    local result = run_job(job, options, folder, function()
      display:reach((i - 1) * options.seconds
        + math.min(clock.seconds() - began, options.seconds))
    end)
    if not result then break end
    results[i] = result
    display:reach(i * options.seconds)
    display:say("%s %s %s: %s", job.harness, job.caller, job.engine.name, result.status)
  end
  display:close()
  return results
end

return runner
