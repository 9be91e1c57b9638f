--- Chart: each strategy's time as a ratio to the reference, for each caller and workload.
--
-- Means over different cases cannot be compared. So where the strategies of a workload were
-- measured in different cases, each set of cases that some strategy has gets a chart of its own,
-- with all the strategies that have the whole set.
-- @module heaplab.charts.strategies
local frame = require "heaplab.charts.frame"
local palette = require "heaplab.palette"
local rows = require "heaplab.charts.rows"
local selection = require "heaplab.charts.selection"
local units = require "heaplab.units"

local strategies = {}

local OPEN = 6 -- gnuplot's open circle

local function case_dots(index, place, reference, strategy)
  local dots = {}
  for _, params in ipairs(place.params) do
    local one = index:mean_ratio("cpu_time", place.caller, place.workload, { params }, reference,
      strategy)
    if one then
      dots[#dots + 1] = { value = one.ratio, point = OPEN, size = 0.4, color = palette.MUTED }
    end
  end
  return #dots > 1 and dots or {}
end

local function row(index, place, reference, strategy)
  local mean = index:mean_ratio("cpu_time", place.caller, place.workload, place.params, reference,
    strategy)
  if not mean then return nil end
  local is_reference = strategy == reference
  return { name = strategy, ratio = mean.ratio, low = mean.low, high = mean.high,
    cases = mean.cases, text = is_reference and "reference" or units.ratio(mean.ratio),
    bar = not is_reference and { 1, mean.ratio } or nil,
    dots = not is_reference and case_dots(index, place, reference, strategy) or {},
    spans = not is_reference and { { mean.low, mean.high, width = 2.5, color = palette.MUTED } }
      or {} }
end

local function rivals(index, place)
  local list = {}
  for _, strategy in ipairs(index:strategies("cpu_time", place.caller, place.workload)) do
    if selection.rival(strategy) then list[#list + 1] = strategy end
  end
  return list
end

local function all_rows(index, place, reference)
  local list = {}
  for _, strategy in ipairs(rivals(index, place)) do
    local one = row(index, place, reference, strategy)
    if one and one.cases == #place.params then list[#list + 1] = one end
  end
  table.sort(list, function(a, b)
    if a.ratio ~= b.ratio then return a.ratio < b.ratio end
    return a.name < b.name
  end)
  return list
end

local function x_axis(list)
  local values = { 1 }
  for _, one in ipairs(list) do
    values[#values + 1], values[#values + 2] = one.low, one.high
    for _, dot in ipairs(one.dots) do values[#values + 1] = dot.value end
  end
  local low, high = frame.log_range(values)
  return frame.log_axis("x", math.min(low, 0.8), math.max(high, 1.25), units.ratio)
    .. ("\nset arrow from 1,graph 0 to 1,graph 1 nohead lc rgb '%s' back"):format(palette.MUTED)
end

-- The fastest strategy, and of how many: `floor` is none, it gets no memory.
local function best(list)
  local first, count = nil, 0
  for _, one in ipairs(list) do
    if one.name ~= "floor" then first, count = first or one, count + 1 end
  end
  return first, count
end

-- The native engine's own place, where it is not the fastest.
local function native(list, first)
  for _, one in ipairs(list) do
    if one.name == "heap:native" and one ~= first then
      return ("; heap:native %s"):format(units.ratio(one.ratio))
    end
  end
  return ""
end

-- The cases of a chart in words; none where the workload has a single case without parameters.
local function cases_of(place)
  if #place.params == 1 then return frame.params(place.params[1]) end
  local some = #place.params < place.total and (" of %d"):format(place.total) or ""
  return ("geometric mean of %d%s cases (dots)"):format(#place.params, some)
end

local function title(place, list, reference)
  local first, count = best(list)
  local only = #place.params == 1 and place.total > 1
    and (", %s"):format(frame.params(place.params[1])) or ""
  local ratio = first.name == reference and "" or ", " .. units.ratio(first.ratio)
  return ("%s %s%s: %s is the fastest of %d%s%s"):format(frame.caller(place.caller),
    place.workload, only, first.name, count, ratio, native(list, first))
end

local function name(place)
  local base = ("strategies-%s-%s"):format(place.caller, place.workload)
  return #place.params == place.total and base
    or ("%s-%s"):format(base, table.concat(place.params, "+"))
end

local function chart(index, meta, place)
  local reference = meta.reference[place.caller]
  local list = all_rows(index, place, reference)
  if #list < 2 then return nil end
  local cases = cases_of(place)
  local drawing = rows.chart {
    title = title(place, list, reference),
    subtitle = ("CPU time as a ratio to %s, log scale%s · whisker: %s"):format(reference,
      cases ~= "" and " · " .. cases or "", frame.interval(meta.rounds_done)),
    source = "run " .. meta.id, rows = list, x_axis = x_axis(list),
    x_label = "← faster     time / time of the reference     slower →",
  }
  drawing.name, drawing.group, drawing.strategies = name(place), "strategies", #list
  return drawing
end

-- The cases of a workload in which a strategy can be compared with the reference.
local function shared_params(index, caller, workload, reference, strategy)
  local shared = {}
  for _, params in ipairs(index:names("cpu_time", caller, workload)) do
    if index:mean_ratio("cpu_time", caller, workload, { params }, reference, strategy) then
      shared[#shared + 1] = params
    end
  end
  return shared
end

-- The different sets of cases that strategies have.
local function places(index, caller, workload, reference)
  local whole = { caller = caller, workload = workload }
  local list, known = {}, {}
  for _, strategy in ipairs(rivals(index, whole)) do
    local params = shared_params(index, caller, workload, reference, strategy)
    local id = table.concat(params, "\n")
    if #params > 0 and not known[id] then
      known[id] = true
      list[#list + 1] = { caller = caller, workload = workload, params = params,
        total = #index:names("cpu_time", caller, workload) }
    end
  end
  return list
end

-- The charts of a workload, the one with the most strategies first.
local function workload_charts(index, meta, caller, workload)
  local charts = {}
  for _, place in ipairs(places(index, caller, workload, meta.reference[caller])) do
    charts[#charts + 1] = chart(index, meta, place)
  end
  table.sort(charts, function(a, b)
    if a.strategies ~= b.strategies then return a.strategies > b.strategies end
    return a.name < b.name
  end)
  return charts
end

--- The charts of a run.
-- @tparam Index index of `heaplab.case_index`
-- @tparam table meta the run's run.json
-- @treturn table array of drawings with `name`, `title` and what `heaplab.gnuplot.draw` takes
function strategies.charts(index, meta)
  local charts = {}
  for _, caller in ipairs(index:names("cpu_time")) do
    for _, workload in ipairs(index:names("cpu_time", caller)) do
      for _, drawing in ipairs(workload_charts(index, meta, caller, workload)) do
        charts[#charts + 1] = drawing
      end
    end
  end
  return charts
end

return strategies
