--- Runs the rounds: every process of each, failures set aside case by case, samples round by round.
-- @module heaplab.executor

local fail = require "heaplab.fail"
local files = require "heaplab.files"
local interrupt = require "heaplab.interrupt"
local key = require "heaplab.key"
local job = require "heaplab.job"
local plan = require "heaplab.plan"
local proof = require "heaplab.proof"

local executor = {}
executor.__index = executor

--- An executor.
-- @tparam table options `entries` (of the selection), `settings` (of job.run), `rng`, `rounds`,
-- `raw` (folder of the processes' output), `progress`
function executor.new(options)
  local self = setmetatable({ failures = {}, failed = {}, settings = options.settings,
    rng = options.rng, rounds = options.rounds, raw = options.raw, progress = options.progress,
    jobs = plan.jobs(options.entries) }, executor)
  self.settings.on_tick = function() self.progress:draw() end
  return self
end

local function case_key(entry, case)
  return key.case(entry.caller.name, case.workload, entry.name, case.params)
end

-- A case that failed is left out of the rounds to come: its process would take the others' with it.
function executor:fail(round, entry, case, what)
  local text = case_key(entry, case)
  self.failed[text] = true
  table.insert(self.failures, { round = round, caller = entry.caller.name, strategy = entry.name,
    case = text, what = what })
  self.progress:say("failed: %s: %s", text, what)
end

function executor:output(round, caller)
  local numbers = self.numbers
  numbers[caller] = (numbers[caller] or 0) + 1
  local path = ("%s/r%02d-%s-%d.json"):format(self.raw, round, caller, numbers[caller])
  table.insert(self.written, path)
  return path
end

function executor:take(round, work, measured, results)
  work.entry.proof = work.entry.proof or proof.of(measured.context)
  self.context = self.context or measured.context
  for _, case in ipairs(work.cases) do
    local values = measured.cases[key.bench(case.workload, case.params)]
    if values.problem then
      self:fail(round, work.entry, case, values.problem)
    else
      table.insert(results, { entry = work.entry, case = case, values = values })
    end
  end
end

function executor:fail_all(round, work, what)
  for _, case in ipairs(work.cases) do self:fail(round, work.entry, case, what) end
end

-- Returns false when a signal asks to stop.
function executor:run_job(round, work, results)
  local measured, what, kind = job.run(work, self.settings,
    self:output(round, work.entry.caller.name))
  if measured then
    self:take(round, work, measured, results)
  elseif kind == "interrupted" then
    return false
  elseif kind == "proof" then
    self:fail_all(round, work, what)
  else
    return self:blame(round, work, what, results)
  end
  return true
end

-- A process that had no room for its output is not to blame, and the run cannot go on.
function executor:blame(round, work, what, results)
  fail.unless(files.has_room(self.raw))
  if #work.cases > 1 then return self:isolate(round, work, what, results) end
  self:fail_all(round, work, what)
  return true
end

-- One case of a shared process brought it down: each runs again in a process of its own.
function executor:isolate(round, work, what, results)
  local before = #self.failures
  for _, case in ipairs(work.cases) do
    local single = { entry = work.entry, cases = { case } }
    if not self:run_job(round, single, results) then return false end
  end
  if #self.failures == before then
    table.insert(self.failures, { round = round, caller = work.entry.caller.name,
      strategy = work.entry.name, case = "", what = what .. " (no case does it alone)" })
    self.progress:say("failed: %s of %s: %s, but no case does it alone", work.entry.name,
      work.entry.caller.name, what)
  end
  return true
end

function executor:without_failed(work)
  local cases = {}
  for _, case in ipairs(work.cases) do
    if not self.failed[case_key(work.entry, case)] then cases[#cases + 1] = case end
  end
  return { entry = work.entry, cases = cases }
end

local function remove_all(written)
  for _, path in ipairs(written) do os.remove(path) end
end

--- Runs one round.
-- @treturn {table,...} results as samples.of_round takes them; nil when interrupted: then nothing
-- of the round is left
function executor:round(round)
  local results = {}
  self.numbers, self.written = {}, {}
  for _, planned in ipairs(plan.round(self.jobs, self.rng)) do
    local work = self:without_failed(planned)
    if interrupt.requested()
      or #work.cases > 0 and not self:run_job(round, work, results) then
      remove_all(self.written)
      return nil
    end
    self.progress:step()
  end
  self.progress:finish_round(round)
  return results
end

return executor
