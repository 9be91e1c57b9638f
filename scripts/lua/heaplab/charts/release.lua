--- Chart: what release by the collector costs against an explicit Free, both VMs on one axis.
--
-- The workloads `drop` and `explicit` do the same work and differ only in who releases. A row joins
-- the two values of a strategy: the open circle is explicit, the filled one the collector.
-- @module heaplab.charts.release
local frame = require "heaplab.charts.frame"
local rows = require "heaplab.charts.rows"
local selection = require "heaplab.charts.selection"
local units = require "heaplab.units"

local release = {}

local OPEN, FILLED = 6, 7
local CALLERS = { "luajit", "lua54" }

-- The parameters that both VMs share, and those (gc=, jit=) that belong to one of them.
local function split_params(params)
  local shared, own = {}, {}
  for one in params:gmatch("[^/]+") do
    local list = (one:find("^gc=") or one:find("^jit=")) and own or shared
    list[#list + 1] = one
  end
  return table.concat(shared, "/"), table.concat(own, "/")
end

-- Shared parameters -> the (caller, params) that have both workloads, in the order of the callers.
local function places(index)
  local by_shared, order = {}, {}
  for _, caller in ipairs(CALLERS) do
    for _, params in ipairs(index:names("cpu_time", caller, "drop")) do
      if #index:names("cpu_time", caller, "explicit", params) > 0 then
        local shared, own = split_params(params)
        if not by_shared[shared] then
          by_shared[shared] = {}
          order[#order + 1] = shared
        end
        table.insert(by_shared[shared], { caller = caller, params = params, own = own })
      end
    end
  end
  return order, by_shared
end

local function row(place, strategy, dropped, explicit)
  return { name = strategy, value = dropped.median, low = math.min(dropped.low, explicit.low),
    high = math.max(dropped.high, explicit.high), factor = dropped.median / explicit.median,
    caller = place.caller, text = units.time(dropped.median),
    spans = { { dropped.median, explicit.median, width = 2 } },
    dots = { { value = explicit.median, point = OPEN },
      { value = dropped.median, point = FILLED } } }
end

local function rows_of(index, place)
  local list = {}
  for _, strategy in ipairs(index:names("cpu_time", place.caller, "drop", place.params)) do
    local function of(workload)
      return index:summary("cpu_time", place.caller, workload, place.params, strategy)
    end
    local dropped, explicit = of "drop", of "explicit"
    if selection.rival(strategy) and explicit and explicit.low > 0 and dropped.low > 0 then
      list[#list + 1] = row(place, strategy, dropped, explicit)
    end
  end
  table.sort(list, function(a, b) return a.value < b.value end)
  return list
end

local function header(place)
  local own = frame.params(place.own)
  return { name = frame.caller(place.caller) .. (own ~= "" and ", " .. own or ""), heading = true }
end

local function all_rows(index, group)
  local list, measured = {}, {}
  for _, place in ipairs(group) do
    local own = rows_of(index, place)
    if #own > 0 then list[#list + 1] = header(place) end
    for _, one in ipairs(own) do
      list[#list + 1] = one
      measured[#measured + 1] = one
    end
  end
  return list, measured
end

local function x_axis(measured)
  local values = {}
  for _, one in ipairs(measured) do
    values[#values + 1], values[#values + 2] = one.low, one.high
  end
  local low, high = frame.log_range(values)
  return frame.log_axis("x", low, high, units.time)
end

local function title(shared, measured)
  local said = {}
  for _, one in ipairs(measured) do
    if one.name == "heap:native" and not said[one.caller] then
      said[one.caller] = true
      said[#said + 1] = ("%s Free on %s"):format(units.ratio(one.factor), frame.caller(one.caller))
    end
  end
  local params = frame.params(shared)
  if #said == 0 then return "Release by the collector against Free, " .. params end
  return ("heap:native released by the GC: %s, %s"):format(table.concat(said, ", "), params)
end

local function chart(index, meta, shared, group)
  local list, measured = all_rows(index, group)
  if #measured == 0 then return nil end
  local drawing = rows.chart {
    title = title(shared, measured),
    subtitle = "CPU time per blob, final collections included, log scale · open: explicit Free, "
      .. "filled (and figure): released by the GC",
    source = "run " .. meta.id, rows = list, x_axis = x_axis(measured),
    x_label = "CPU time per blob",
  }
  drawing.name, drawing.group = "release-" .. shared, "release"
  return drawing
end

--- The charts of a run.
-- @tparam Index index of `heaplab.case_index`
-- @tparam table meta the run's run.json
-- @treturn table array of drawings with `name`, `title` and what `heaplab.gnuplot.draw` takes
function release.charts(index, meta)
  local charts = {}
  local order, by_shared = places(index)
  for _, shared in ipairs(order) do
    charts[#charts + 1] = chart(index, meta, shared, by_shared[shared])
  end
  return charts
end

return release
