--- The stored runs: results/runs/ID/{run.json,samples.tsv,raw/}, and `latest`, a link to one.
-- @module heaplab.runs

local cjson = require "cjson"

local files = require "heaplab.files"
local paths = require "heaplab.paths"
local tsv = require "heaplab.tsv"

local runs = {}

--- Version of run.json and samples.tsv that this program reads and writes.
runs.SCHEMA = 1

--- Columns of samples.tsv, in order.
runs.COLUMNS = { "round", "caller", "workload", "params", "strategy", "metric", "value", "unit" }

local function holds_run(dir)
  return files.exists(dir .. "/run.json")
end

--- Ids of all stored runs, oldest first.
function runs.list()
  local ids = {}
  for _, name in ipairs(files.list(paths.runs())) do
    if name ~= "latest" and holds_run(paths.runs() .. "/" .. name) then ids[#ids + 1] = name end
  end
  return ids
end

local function known_names()
  local ids = runs.list()
  if #ids == 0 then return "none is stored yet; make one with `heaplab run`" end
  local newest = { holds_run(paths.runs() .. "/latest") and "latest" or nil }
  for i = #ids, math.max(1, #ids - 4), -1 do newest[#newest + 1] = ids[i] end
  return "newest: " .. table.concat(newest, ", ")
end

--- The folder of a run.
-- @string name an id, `latest`, or the path of a run's folder
-- @return folder, or nil and a message that lists what there is
function runs.resolve(name)
  local stored = paths.runs() .. "/" .. name
  if not name:find("/", 1, true) and holds_run(stored) then return stored end
  local dir = name:gsub("(.)/+$", "%1")
  if holds_run(dir) then return dir end
  return nil, ("no run '%s' in %s (%s)"):format(name, paths.runs(), known_names())
end

local function load_meta(dir)
  local text, err = files.read(dir .. "/run.json")
  if not text then return nil, err end
  local ok, meta = pcall(cjson.decode, text)
  if not ok or type(meta) ~= "table" then return nil, dir .. "/run.json is not valid JSON" end
  if meta.schema ~= runs.SCHEMA then
    return nil, ("%s/run.json has schema %s; this heaplab reads %d")
      :format(dir, tostring(meta.schema), runs.SCHEMA)
  end
  return meta
end

local function numbered(sample)
  sample.round, sample.value = tonumber(sample.round), tonumber(sample.value)
  return sample.round and sample.value
end

-- A run that was killed may have written part of a round: only finished rounds count.
local function load_samples(dir, rounds_done)
  local path = dir .. "/samples.tsv"
  local text, err = files.read(path)
  if not text then return nil, err end
  local records, parse_err = tsv.parse(text)
  if not records then return nil, path .. ": " .. parse_err end
  local samples = {}
  for i, sample in ipairs(records) do
    if not numbered(sample) then
      return nil, ("%s: line %d: round or value is not a number"):format(path, i + 1)
    end
    if sample.round <= rounds_done then samples[#samples + 1] = sample end
  end
  return samples
end

--- Reads a run.
-- @string dir its folder, as @{resolve} gives it
-- @return `{ dir=, meta=<run.json>, samples={ {round=,caller=,workload=,params=,strategy=,
-- metric=,value=,unit=}, ... } }`, or nil and a message
function runs.load(dir)
  local meta, err = load_meta(dir)
  if not meta then return nil, err end
  local samples, samples_err = load_samples(dir, meta.rounds_done)
  if not samples then return nil, samples_err end
  return { dir = dir, meta = meta, samples = samples }
end

--- The same for those who need samples: nil and a message for a run that has none, because it was
-- interrupted in its first round or every case failed.
function runs.load_measured(dir)
  local run, err = runs.load(dir)
  if run and #run.samples == 0 then
    return nil, ("%s holds no sample: %d of %d rounds were finished"):format(dir,
      run.meta.rounds_done, run.meta.rounds_planned)
  end
  return run, err
end

return runs
