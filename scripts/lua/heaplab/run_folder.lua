--- The folder of a run while it is written: whole at every moment, whatever interrupts it.
--
-- run.json counts the finished rounds and is replaced after each; until the end it says
-- "interrupted", which is then true of a run that was killed. `latest` moves only at the end.
-- @module heaplab.run_folder

local clock = require "heaplab.clock"
local fail = require "heaplab.fail"
local files = require "heaplab.files"
local json = require "heaplab.json"
local paths = require "heaplab.paths"
local runs = require "heaplab.runs"
local tsv = require "heaplab.tsv"

local run_folder = {}
run_folder.__index = run_folder

--- Makes the folder of a new run, or raises a usage error when it cannot be written.
-- @tparam table meta what run.json holds beside `schema`, `id`, `status`, `started`,
-- `rounds_done` and `failures`
function run_folder.create(meta)
  local dir, id = fail.unless(files.claim(paths.runs(),
    ("%s-%s"):format(clock.stamp(), meta.commit or "nogit")))
  local self = setmetatable({ id = id, dir = dir, meta = meta }, run_folder)
  self.raw = self.dir .. "/raw"
  meta.schema, meta.id, meta.status, meta.started = runs.SCHEMA, id, "interrupted", clock.iso()
  meta.rounds_done, meta.failures = 0, json.array()
  fail.unless(files.make_directories(self.raw))
  fail.unless(files.write(self.dir .. "/samples.tsv", tsv.line(runs.COLUMNS)))
  self:save()
  return self
end

--- Replaces run.json.
function run_folder:save()
  fail.unless(files.write(self.dir .. "/run.json", json.pretty(self.meta) .. "\n"))
end

--- Adds the samples of a finished round.
function run_folder:add_round(round, samples)
  local lines = {}
  for i, sample in ipairs(samples) do
    local values = {}
    for column, name in ipairs(runs.COLUMNS) do values[column] = sample[name] end
    lines[i] = tsv.line(values)
  end
  fail.unless(files.append(self.dir .. "/samples.tsv", table.concat(lines)))
  self.meta.rounds_done = round
  self:save()
end

--- Ends the run: status "complete", "interrupted" or "failed"; `latest` moves on if any round holds
-- a sample.
function run_folder:finish(status, has_samples)
  self.meta.status, self.meta.finished = status, clock.iso()
  self:save()
  if has_samples then fail.unless(files.relink(self.id, paths.runs() .. "/latest")) end
end

return run_folder
