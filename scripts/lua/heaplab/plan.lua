--- The processes of a round, in random order.
-- @module heaplab.plan

local plan = {}

local function copy(array)
  local result = {}
  for i = 1, #array do result[i] = array[i] end
  return result
end

local function jobs_of(entry)
  local shared, jobs = {}, {}
  for _, case in ipairs(entry.cases) do
    if case.mode == "shared" then
      shared[#shared + 1] = case
    else
      jobs[#jobs + 1] = { entry = entry, cases = { case } }
    end
  end
  if #shared > 0 then jobs[#jobs + 1] = { entry = entry, cases = shared } end
  return jobs
end

--- All processes of one round, in a fixed order: one per strategy and caller for its shared cases,
-- one per case that runs alone.
-- @tparam {table,...} entries of the selection
-- @treturn {table,...} jobs: `entry`, `cases`
function plan.jobs(entries)
  local jobs = {}
  for _, entry in ipairs(entries) do
    for _, job in ipairs(jobs_of(entry)) do jobs[#jobs + 1] = job end
  end
  return jobs
end

--- The same in the order of one round: processes shuffled over everything, cases inside each.
-- @tparam {table,...} jobs
-- @tparam table rng
function plan.round(jobs, rng)
  local shuffled = {}
  for i, job in ipairs(jobs) do
    shuffled[i] = { entry = job.entry, cases = rng:shuffle(copy(job.cases)) }
  end
  return rng:shuffle(shuffled)
end

return plan
