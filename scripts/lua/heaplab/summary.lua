--- The tables after a run: per caller and workload, each strategy against the reference.
-- @module heaplab.summary

local callers = require "heaplab.callers"
local columns = require "heaplab.columns"
local compare = require "heaplab.compare"
local fail = require "heaplab.fail"
local series = require "heaplab.series"
local verdict = require "heaplab.verdict"

local summary = {}

local VERDICTS = { "slower", "faster", "equivalent", "unresolved", "invalid" }

local CALLER_RANK = {}
for i, name in ipairs(callers.KINDS) do CALLER_RANK[name] = i end

local function by_workload(rows)
  local groups, list = {}, {}
  for _, row in ipairs(rows) do
    local group = groups[row.workload]
    if not group then
      group = {}
      groups[row.workload], list[#list + 1] = group, { workload = row.workload, rows = group }
    end
    group[#group + 1] = row
  end
  return list
end

local function counts(rows)
  local count, parts = {}, {}
  for _, row in ipairs(rows) do count[row.verdict] = (count[row.verdict] or 0) + 1 end
  for _, name in ipairs(VERDICTS) do
    if count[name] then parts[#parts + 1] = count[name] .. " " .. name end
  end
  return table.concat(parts, ", ")
end

local function line_of(strategy, rows)
  local mean = compare.geomean(rows)
  return { strategy = strategy, ratio = mean.ratio, low = mean.low, high = mean.high,
    cases = #rows, verdicts = counts(rows) }
end

local function strategies_of(run, caller, reference)
  return series.distinct(run, "strategy", function(sample)
    return sample.caller == caller and sample.strategy ~= reference
  end)
end

-- Strategies that share no case with the reference have nothing to be compared in.
local function compared(run, caller, reference, strategy)
  local ok, result = pcall(compare.strategies, run,
    { base = reference, against = strategy, caller = caller })
  if ok then return result.cases end
  if not fail.message(result) then error(result, 0) end
  return {}
end

local Tables = {}
Tables.__index = Tables

function Tables:add(caller, reference, workload, line)
  local id = caller .. "/" .. workload
  local entry = self.found[id]
  if not entry then
    entry = { caller = caller, workload = workload, reference = reference, lines = {} }
    self.found[id] = entry
    table.insert(self.list, entry)
  end
  table.insert(entry.lines, line)
end

local function by_loss(a, b)
  if a.ratio ~= b.ratio then return a.ratio > b.ratio end
  return a.strategy < b.strategy
end

local function by_place(a, b)
  local rank_a, rank_b = CALLER_RANK[a.caller] or math.huge, CALLER_RANK[b.caller] or math.huge
  if rank_a ~= rank_b then return rank_a < rank_b end
  if a.caller ~= b.caller then return a.caller < b.caller end
  return a.workload < b.workload
end

function Tables:sorted()
  for _, entry in ipairs(self.list) do table.sort(entry.lines, by_loss) end
  table.sort(self.list, by_place)
  return self.list
end

--- The lines of a run's tables.
-- @tparam table run
-- @treturn {table,...} tables: `caller`, `workload`, `reference`, `lines`: `strategy`, `ratio`,
-- `low`, `high` (geometric mean over the workload's cases), `cases`, `verdicts` (text). Tables by
-- caller and workload, the slowest strategy of each first.
-- @treturn number cases of the largest comparison
function summary.tables(run)
  local tables, most = setmetatable({ found = {}, list = {} }, Tables), 0
  for caller, reference in pairs(run.meta.reference) do
    for _, strategy in ipairs(strategies_of(run, caller, reference)) do
      local rows = compared(run, caller, reference, strategy)
      most = math.max(most, #rows)
      for _, group in ipairs(by_workload(rows)) do
        tables:add(caller, reference, group.workload, line_of(strategy, group.rows))
      end
    end
  end
  return tables:sorted(), most
end

local function table_text(entry)
  local rows = { { "strategy", "ratio", "low", "high", "cases", "verdicts" } }
  for _, line in ipairs(entry.lines) do
    rows[#rows + 1] = { line.strategy, ("%.3f"):format(line.ratio), ("%.3f"):format(line.low),
      ("%.3f"):format(line.high), tostring(line.cases), line.verdicts }
  end
  return ("%s %s: CPU time, ratio to %s (below 1 is faster)\n"):format(entry.caller,
    entry.workload, entry.reference) .. columns.format(rows, "lrrrrl", "  ") .. "\n"
end

local function not_found(run)
  local lines = {}
  for _, strategy in ipairs(run.meta.strategies) do
    if not strategy.found then
      lines[#lines + 1] = ("%s: %s: not found; %s\n"):format(strategy.caller, strategy.name,
        tostring(strategy.hint))
    end
  end
  return table.concat(lines)
end

local function controls(run)
  local lines = {}
  for caller, row in pairs(compare.null_controls(run, "cpu_time")) do
    lines[#lines + 1] = ("null control of %s came out different (%s: ratio %.3f): its verdicts"
      .. " are invalid\n"):format(caller, row.name, row.ratio)
  end
  table.sort(lines)
  return table.concat(lines)
end

local function failures(run)
  local lines = {}
  for _, failure in ipairs(run.meta.failures) do
    lines[#lines + 1] = ("failed in round %d: %s: %s\n"):format(failure.round,
      failure.case ~= "" and failure.case or failure.caller .. " " .. failure.strategy,
      failure.what)
  end
  return table.concat(lines)
end

--- All that is printed after a run.
-- @tparam table run as runs.load returns it
function summary.text(run)
  local parts, tables, most = {}, summary.tables(run)
  for i, entry in ipairs(tables) do parts[i] = table_text(entry) end
  local caution = #tables > 0 and verdict.caution(run.meta.rounds_done, most)
  if caution then parts[#parts + 1] = caution .. "\n" end
  parts[#parts + 1] = not_found(run)
  parts[#parts + 1] = controls(run)
  parts[#parts + 1] = failures(run)
  return table.concat(parts)
end

return summary
