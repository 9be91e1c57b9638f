--- `heaplab bars`: what the engine `native` has to reach, and whether a run shows it.

local bar_table = require "heaplab.bar_table"
local bars = require "heaplab.bars"
local cli = require "heaplab.cli"
local columns = require "heaplab.columns"
local compare = require "heaplab.compare"
local fail = require "heaplab.fail"
local files = require "heaplab.files"
local json = require "heaplab.json"
local runs = require "heaplab.runs"
local tsv = require "heaplab.tsv"
local units = require "heaplab.units"

local MISSED, INCONCLUSIVE = 3, 4

local EPILOGUE = "The bars are scripts/lua/heaplab/bar_table.lua; docs/bars.md explains them and"
  .. " how to make a run that has all their cases. Exit code: 0 all met, 3 one is missed, 4 none"
  .. " is missed but cases are missing."

local function parser()
  local p = cli.parser("bars", "Judge the engine native by what it has to reach in C.")
  p:epilog(EPILOGUE)
  p:option("--run", "Run: an id, a folder, or latest."):default("latest")
  p:option("--instructions", "What `heaplab instructions --format tsv` printed."):argname("FILE")
  cli.format(p)
  return p
end

local function counts_of(path)
  if not path then return nil end
  local rows = fail.unless(tsv.parse(fail.unless(files.read(path))))
  for _, row in ipairs(rows) do
    if not (row.workload and row.params and row.strategy and tonumber(row.instructions)) then
      fail.usage("%s is not the TSV of `heaplab instructions`", path)
    end
  end
  return rows
end

-- ---- text ----

local function figure(row, most)
  if most then return units.value(row.value, row.unit) end
  return ("%.3f"):format(row.ratio)
end

local function limits(bar)
  local parts = {}
  if bar.mean then parts[#parts + 1] = ("mean <= %.3g"):format(bar.mean) end
  if bar.worst then parts[#parts + 1] = ("each <= %.3g"):format(bar.worst) end
  return table.concat(parts, ", ")
end

local function limit_text(bar, row)
  return bar.most and "<= " .. units.value(bar.most, row and row.unit or "") or limits(bar)
end

local function interval(row, most)
  if row.low == row.high then return "" end
  local function text(value)
    return most and units.value(value, row.unit) or ("%.3f"):format(value)
  end
  return ("%s .. %s"):format(text(row.low), text(row.high))
end

local function line_of(result)
  local bar, shown = result.bar, result.mean or result.worst
  local count = ("%d of %d"):format(#result.rows, #bar.cases)
  if not shown then return { result.verdict, bar.what, "", "", limit_text(bar), count, "" } end
  return { result.verdict, bar.what, figure(shown, bar.most), interval(shown, bar.most),
    limit_text(bar, result.worst), count,
    #bar.cases > 1 and ("%s %s"):format(figure(result.worst), result.worst.name) or "" }
end

local function details(result)
  if #result.bar.cases == 1 then return "" end
  local rows = { { "case", "ratio", "low", "high", "best peer" } }
  for _, row in ipairs(result.rows) do
    rows[#rows + 1] = { row.name, ("%.3f"):format(row.ratio), ("%.3f"):format(row.low),
      ("%.3f"):format(row.high), row.base }
  end
  local missing = #result.missing > 0
    and ("  not measured: %s\n"):format(table.concat(result.missing, " ")) or ""
  return "\n" .. result.bar.what .. "\n" .. columns.format(rows, "lrrrl", "  ") .. missing
end

local format = {}

function format.text(results)
  local rows, parts = { { "verdict", "bar", "figure", "interval", "limit", "cases", "worst" } }, {}
  for i, result in ipairs(results) do
    rows[i + 1], parts[i] = line_of(result), details(result)
  end
  return columns.format(rows, "llrlllr") .. table.concat(parts)
end

-- ---- tsv and json: one row per case ----

local function flat(results)
  local rows = {}
  for _, result in ipairs(results) do
    local bar = result.bar
    for _, row in ipairs(result.rows) do
      rows[#rows + 1] = { bar = bar.what, verdict = result.verdict, metric = bar.metric,
        case = row.name, base = row.base or "", value = row.value, low = row.low,
        high = row.high, mean = result.mean and result.mean.ratio or "" }
    end
    for _, name in ipairs(result.missing) do
      rows[#rows + 1] = { bar = bar.what, verdict = result.verdict, metric = bar.metric,
        case = name, base = "", value = "", low = "", high = "", mean = "" }
    end
  end
  return rows
end

local FIELDS = { "verdict", "bar", "metric", "case", "base", "value", "low", "high", "mean" }

function format.tsv(results)
  local lines = { tsv.line(FIELDS) }
  for _, row in ipairs(flat(results)) do
    local values = {}
    for i, name in ipairs(FIELDS) do values[i] = row[name] end
    lines[#lines + 1] = tsv.line(values)
  end
  return table.concat(lines)
end

function format.json(results)
  local rows = flat(results)
  for _, row in ipairs(rows) do
    for name, value in pairs(row) do
      if value == "" then row[name] = nil end
    end
  end
  return json.pretty(json.array(rows)) .. "\n"
end

-- ---- the verb ----

local function warn(run)
  for _, metric in ipairs(bars.metrics(bar_table)) do
    local row = compare.null_controls(run, metric)[bars.CALLER]
    if row then
      io.stderr:write(("heaplab: the null control came out different in %s (%s: ratio %.3f):"
        .. " make another run before believing this one\n"):format(metric, row.name, row.ratio))
    end
  end
end

local function exit_code(results)
  local code = 0
  for _, result in ipairs(results) do
    if result.verdict == "missed" then return MISSED end
    if result.verdict ~= "met" then code = INCONCLUSIVE end
  end
  return code
end

local function run(args)
  local parsed = cli.parse(parser(), args)
  local loaded = fail.unless(runs.load_measured(fail.unless(runs.resolve(parsed.run))))
  local results = bars.judge(loaded, bar_table, counts_of(parsed.instructions))
  cli.emit(format[parsed.format](results))
  warn(loaded)
  return exit_code(results)
end

return { summary = "judge the engine native by what it has to reach", run = run }
