--- `heaplab instructions`: how many instructions an operation of each strategy takes.

local cli = require "heaplab.cli"
local columns = require "heaplab.columns"
local counting = require "heaplab.counting"
local fail = require "heaplab.fail"
local files = require "heaplab.files"
local json = require "heaplab.json"
local key = require "heaplab.key"
local paths = require "heaplab.paths"
local process = require "heaplab.process"
local selection = require "heaplab.selection"
local session = require "heaplab.session"
local tsv = require "heaplab.tsv"

local STRATEGIES = { "heap:native", "heap:native+no_serialize", "malloc:glibc", "malloc:jemalloc",
  "malloc:mimalloc", "malloc:tcmalloc", "mi_heap:direct" }

local COLUMNS = { "workload", "params", "strategy", "instructions" }

local EPILOGUE = "Counted by callgrind over N and 2N operations, less what the loop takes alone:"
  .. " exact and the same each time on one machine. `heaplab bars --instructions FILE` reads the"
  .. " TSV."

local function parser()
  local p = cli.parser("instructions", "Count the instructions of an operation, callers in C.")
  p:epilog(EPILOGUE)
  p:option("--strategy", "These strategies (default: " .. table.concat(STRATEGIES, ", ") .. ").")
    :args("+"):count("*"):argname("NAME")
  p:option("--filter", "Only cases whose key matches; none that need a process to themselves.")
    :default("^c/pair/.*/size=(64|4096)$"):argname("REGEX")
  p:option("--operations", "N."):default("100000"):convert(cli.whole(1))
  p:option("--build", "Build folder (default: build/release)."):argname("DIR")
  cli.format(p)
  return p
end

local function wanted_of(parsed)
  local names = { selection.EMPTY }
  for _, list in ipairs(#parsed.strategy > 0 and parsed.strategy or { STRATEGIES }) do
    for _, name in ipairs(list) do names[#names + 1] = name end
  end
  return names
end

-- A strategy that is not on this machine has no row, and that is said.
local function say_missing(strategies, wanted)
  for _, name in ipairs(wanted) do
    for _, strategy in ipairs(strategies) do
      if strategy.name == name and not strategy.found then
        io.stderr:write(("heaplab: %s: not found; %s\n"):format(name, strategy.hint))
      end
    end
  end
end

local function choose(parsed)
  local wanted = wanted_of(parsed)
  local prepared = session.prepare { profile = "full", filter = parsed.filter, build =
    parsed.build and cli.absolute(parsed.build) or paths.build(), strategies = wanted,
    callers = { "c" }, mallocs = {}, engines = {} }
  say_missing(prepared.strategies, wanted)
  return prepared.entries, wanted
end

local function set_of(names)
  local set = {}
  for _, name in ipairs(names) do set[name] = true end
  return set
end

-- Counts of an entry by case; a case that fails ends it all, for a table with holes misleads.
local function counts_of(entry, operations, folder)
  local counts = {}
  for _, case in ipairs(entry.cases) do
    local bench = key.bench(case.workload, case.params)
    if case.mode ~= "shared" then
      fail.usage("%s needs a process to itself: such a case is not counted", bench)
    end
    local count, problem = counting.per_operation(entry, case, operations, folder)
    counts[bench] = fail.unless(count, ("%s: %s: %s"):format(entry.name, bench, tostring(problem)))
  end
  return counts
end

local function rows_of(entries, wanted, operations, folder)
  local is_wanted, empty, rows = set_of(wanted), nil, {}
  for _, entry in ipairs(entries) do
    if entry.name == selection.EMPTY then empty = counts_of(entry, operations, folder) end
  end
  for _, entry in ipairs(entries) do
    if is_wanted[entry.name] and entry.name ~= selection.EMPTY then
      local counts = counts_of(entry, operations, folder)
      for _, case in ipairs(entry.cases) do
        local bench = key.bench(case.workload, case.params)
        rows[#rows + 1] = { workload = case.workload, params = case.params,
          strategy = entry.name, instructions = counts[bench] - empty[bench] }
      end
    end
  end
  return key.sort(rows, function(row)
    return key.case("c", row.workload, "", row.params) .. row.strategy
  end)
end

local format = {}

function format.json(rows)
  return json.pretty(json.array(rows)) .. "\n"
end

local function lines_of(rows, number)
  local lines = { COLUMNS }
  for i, row in ipairs(rows) do
    lines[i + 1] = { row.workload, row.params, row.strategy, number(row.instructions) }
  end
  return lines
end

function format.tsv(rows)
  local text = {}
  for i, line in ipairs(lines_of(rows, tsv.number)) do text[i] = tsv.line(line) end
  return table.concat(text)
end

function format.text(rows)
  return columns.format(lines_of(rows, function(n) return ("%.1f"):format(n) end), "lllr")
end

local function in_folder(work)
  local folder = os.tmpname()
  os.remove(folder)
  fail.unless(files.make_directories(folder))
  local ok, result = pcall(work, folder)
  fail.unless(files.remove(folder))
  if not ok then error(result, 0) end
  return result
end

local function run(args)
  local parsed = cli.parse(parser(), args)
  for program, package in pairs { valgrind = "valgrind", setarch = "util-linux" } do
    if not process.find(program) then fail.usage("%s not found; install %s", program, package) end
  end
  local entries, wanted = choose(parsed)
  local rows = in_folder(function(folder)
    return rows_of(entries, wanted, parsed.operations, folder)
  end)
  cli.emit(format[parsed.format](rows))
  return 0
end

return { summary = "count the instructions of an operation", run = run }
