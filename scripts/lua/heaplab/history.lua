--- What the stored runs say together: each case as a ratio to the reference strategy of the same
-- run, run after run.
--
-- Times of different machines or build types are never compared: runs are grouped by both first.
-- Within a run the ratio takes the night's speed out.
-- @module heaplab.history
local case_index = require "heaplab.case_index"
local key = require "heaplab.key"

local history = {}

local function group_name(run)
  return run.build_type == "Release" and run.machine or run.machine .. "-" .. run.build_type
end

local function grouped(runs)
  local groups, by_name = {}, {}
  for _, run in ipairs(runs) do
    local name = group_name(run)
    if not by_name[name] then
      by_name[name] = { name = name, machine = run.machine, build_type = run.build_type, runs = {} }
      groups[#groups + 1] = by_name[name]
    end
    table.insert(by_name[name].runs, run)
  end
  return groups
end

local function wanted(options, caller, workload, strategy, params)
  if options.caller and options.caller ~= caller then return false end
  return options.matches(key.case(caller, workload, strategy, params))
end

-- Calls visit(caller, workload, params) for every case of the metric that has the reference.
local function each_case(index, run, metric, visit)
  for _, caller in ipairs(index:names(metric)) do
    local reference = run.reference[caller]
    for _, workload in ipairs(reference and index:names(metric, caller) or {}) do
      for _, params in ipairs(index:names(metric, caller, workload)) do
        if index:values(metric, caller, workload, params, reference) then
          visit(caller, workload, params, reference)
        end
      end
    end
  end
end

local function add_to_series(group, at, point)
  local id = key.case(at.caller, at.workload, at.strategy, at.params)
  local series = group.by_key[id]
  if not series then
    series = { key = id, caller = at.caller, workload = at.workload, params = at.params,
      strategy = at.strategy, points = {} }
    group.by_key[id] = series
    table.insert(group.series, series)
  end
  table.insert(series.points, point)
end

local function read_series(group, run, index, options)
  local metric = options.metric
  each_case(index, run, metric, function(caller, workload, params, reference)
    for _, strategy in ipairs(index:names(metric, caller, workload, params)) do
      local ratio = strategy ~= reference and wanted(options, caller, workload, strategy, params)
        and index:mean_ratio(metric, caller, workload, { params }, reference, strategy)
      if ratio then
        add_to_series(group, { caller = caller, workload = workload, params = params,
          strategy = strategy }, { run = run, ratio = ratio, reference = reference })
      end
    end
  end)
end

local function workload_of(group, caller, workload, run)
  local id = caller .. "/" .. workload
  local found = group.by_workload[id]
  if not found then
    found = { caller = caller, workload = workload, newest = run, params = {}, cases = {},
      points = {} }
    group.by_workload[id] = found
    table.insert(group.workloads, found)
  end
  return found
end

-- Whether a case is one of those that a workload's lines stand for. The newest run that has the
-- workload fixes them: a mean over other cases would jump without any change of speed.
local function belongs(place, run, params)
  if place.newest == run then place.params[params] = true end
  return place.params[params]
end

-- Of these cases, a strategy's line stands for those that its own newest run has. Runs come newest
-- first.
local function anchor(group, run, index, options)
  each_case(index, run, options.metric, function(caller, workload, params)
    for _, strategy in ipairs(index:names(options.metric, caller, workload, params)) do
      if wanted(options, caller, workload, strategy, params) then
        local place = workload_of(group, caller, workload, run)
        local cases = place.cases
        if belongs(place, run, params) then
          cases[strategy] = cases[strategy] or { run = run }
          if cases[strategy].run == run then table.insert(cases[strategy], params) end
        end
      end
    end
  end)
end

local function read_workloads(group, run, index, options)
  for _, place in ipairs(group.workloads) do
    local reference = run.reference[place.caller]
    for strategy, cases in pairs(place.cases) do
      local mean = reference and index:mean_ratio(options.metric, place.caller, place.workload,
        cases, reference, strategy)
      if mean and mean.cases == #cases then
        place.points[strategy] = place.points[strategy] or {}
        table.insert(place.points[strategy], { run = run, ratio = mean, reference = reference })
      end
    end
  end
end

local function reverse(list)
  for i = 1, math.floor(#list / 2) do
    list[i], list[#list + 1 - i] = list[#list + 1 - i], list[i]
  end
end

local function oldest_first(group)
  for _, series in ipairs(group.series) do reverse(series.points) end
  for _, place in ipairs(group.workloads) do
    for _, points in pairs(place.points) do reverse(points) end
  end
  key.sort(group.series, function(series) return series.key end)
  key.sort(group.workloads, function(place) return place.caller .. "/" .. place.workload end)
end

-- One run's samples at a time: the history of a year does not fit into memory.
local function read_group(store, group, options)
  group.series, group.by_key, group.workloads, group.by_workload = {}, {}, {}, {}
  for i = #group.runs, 1, -1 do
    local run = group.runs[i]
    local list, err = store:samples(run.id, options.metric)
    if not list then return nil, err end
    local index = case_index.of(list)
    read_series(group, run, index, options)
    anchor(group, run, index, options)
    read_workloads(group, run, index, options)
  end
  oldest_first(group)
  return group
end

--- Reads the history.
-- @tparam Store store open
-- @tparam table options `metric`; `caller` (all); `matches`: function of a case key -> whether it
-- is wanted
-- @return array of groups, one per machine and build type, or nil and one line. A group has `name`,
-- `machine`, `build_type`, `runs` (oldest first), `series`: array of `{ key, caller, workload,
-- params, strategy, points }`, `workloads`: array of `{ caller, workload, cases = { strategy ->
-- params }, points = { strategy -> points } }`; a point is `{ run, ratio = <of
-- heaplab.stats.ratio>, reference }`, oldest first
function history.read(store, options)
  local runs, err = store:runs()
  if not runs then return nil, err end
  local groups = grouped(runs)
  for _, group in ipairs(groups) do
    local ok, group_err = read_group(store, group, options)
    if not ok then return nil, group_err end
  end
  return groups
end

return history
