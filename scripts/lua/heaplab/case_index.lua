--- A run's samples, looked up by case: who was measured, the values per round, their summaries.
-- @module heaplab.case_index
local key = require "heaplab.key"
local order = require "heaplab.stats.order"
local ratio = require "heaplab.stats.ratio"
local sign = require "heaplab.stats.sign"

local case_index = {}

local Index = {}
Index.__index = Index

-- An ordered set of texts, smallest number first: size=64 before size=1024.
local function remember(set, name)
  if set[name] then return end
  set[name] = true
  table.insert(set, name)
end

local function descend(node, ...)
  for _, name in ipairs { ... } do
    remember(node.names, name)
    node.children[name] = node.children[name] or { names = {}, children = {} }
    node = node.children[name]
  end
  return node
end

local function itself(text)
  return text
end

local function sort_names(node)
  key.sort(node.names, itself)
  for _, child in pairs(node.children) do sort_names(child) end
end

--- Indexes samples.
-- @tparam table list as in a run of `heaplab.runs.load`
-- @treturn Index
function case_index.of(list)
  local self = setmetatable({ root = { names = {}, children = {} } }, Index)
  for _, one in ipairs(list) do
    local leaf = descend(self.root, one.metric, one.caller, one.workload, one.params, one.strategy)
    leaf.values, leaf.unit = leaf.values or {}, one.unit
    leaf.values[one.round] = one.value
  end
  sort_names(self.root)
  return self
end

function Index:find(...)
  local node = self.root
  for _, name in ipairs { ... } do
    node = node.children[name]
    if not node then return nil end
  end
  return node
end

--- The sorted names below a place, empty where nothing was measured: callers of a metric,
-- workloads of a caller, parameters of a workload, strategies of a case.
-- @string metric
-- @string ... caller, workload, params: as deep as wanted
-- @treturn {string,...}
function Index:names(metric, ...)
  local node = self:find(metric, ...)
  return node and node.names or {}
end

--- A case's values.
-- @return map round -> value and the unit, or nil
function Index:values(metric, caller, workload, params, strategy)
  local leaf = self:find(metric, caller, workload, params, strategy)
  if leaf then return leaf.values, leaf.unit end
end

--- A case in one number: the median over the rounds with its exact interval.
-- @return `{ median, low, high, confidence, rounds, unit }`, or nil
function Index:summary(metric, caller, workload, params, strategy)
  local values, unit = self:values(metric, caller, workload, params, strategy)
  if not values then return nil end
  local list = {}
  for _, value in pairs(values) do list[#list + 1] = value end
  local sorted = order.sorted(list)
  local low, high, confidence = sign.interval(sorted, ratio.ALPHA)
  return { median = order.quantile(sorted, 0.5), low = low, high = high, confidence = confidence,
    rounds = #sorted, unit = unit }
end

-- Adds the names at a depth below a node to a set.
local function collect(set, node, depth)
  for _, name in ipairs(node and node.names or {}) do
    if depth == 0 then remember(set, name) else collect(set, node.children[name], depth - 1) end
  end
end

--- All strategies below a place: of a workload, of a caller, or of the whole run.
-- @string metric
-- @string[opt] caller
-- @string[opt] workload
-- @treturn {string,...} sorted
function Index:strategies(metric, caller, workload)
  local set, depth = {}, workload and 1 or caller and 2 or 3
  collect(set, self:find(metric, caller, workload), depth)
  return key.sort(set, itself)
end

local function add_logs(sums, counts, base, against)
  for round, value in pairs(base) do
    local other = against[round]
    if other and value > 0 and other > 0 then
      sums[round] = (sums[round] or 0) + math.log(other / value)
      counts[round] = (counts[round] or 0) + 1
    end
  end
end

--- One ratio for several cases of a workload: the geometric mean over the cases round by round,
-- then the median over the rounds that have all of them.
-- @tparam {string,...} params the cases; those that lack either strategy are left out
-- @return the table of `heaplab.stats.ratio.of_logs` with `cases`, or nil
function Index:mean_ratio(metric, caller, workload, params, base, against)
  local sums, counts, cases, logs = {}, {}, 0, {}
  for _, one in ipairs(params) do
    local from = self:values(metric, caller, workload, one, base)
    local to = self:values(metric, caller, workload, one, against)
    if from and to then
      cases = cases + 1
      add_logs(sums, counts, from, to)
    end
  end
  for round, sum in pairs(sums) do
    if counts[round] == cases then logs[#logs + 1] = sum / cases end
  end
  if #logs == 0 then return nil end
  local result = ratio.of_logs(logs)
  result.cases = cases
  return result
end

return case_index
