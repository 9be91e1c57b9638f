--- A whole run: what is measured, its folder, its rounds, its end.
-- @module heaplab.session

local callers = require "heaplab.callers"
local catalogue = require "heaplab.catalogue"
local executor = require "heaplab.executor"
local fail = require "heaplab.fail"
local files = require "heaplab.files"
local fingerprint = require "heaplab.fingerprint"
local interrupt = require "heaplab.interrupt"
local json = require "heaplab.json"
local libraries = require "heaplab.libraries"
local plan = require "heaplab.plan"
local process = require "heaplab.process"
local profile = require "heaplab.profile"
local progress = require "heaplab.progress"
local rng = require "heaplab.rng"
local run_folder = require "heaplab.run_folder"
local samples = require "heaplab.samples"
local selection = require "heaplab.selection"
local version = require "heaplab.version"

local session = {}

local function named_libraries(option, texts)
  local found = {}
  for _, text in ipairs(texts) do
    local name, path = libraries.named(option, text)
    if found[name] then fail.usage("%s %s: the name '%s' is given twice", option, text, name) end
    found[name] = path
  end
  return found
end

-- Not every program can be preloaded: LuaJIT brings its own allocator.
local function check_preloads(strategies, mallocs)
  if #mallocs == 0 then return end
  for _, strategy in ipairs(strategies) do
    if strategy.preload then return end
  end
  fail.usage("--malloc %s: none of the chosen callers runs on a preloaded malloc; c does",
    mallocs[1])
end

--- Finds everything that a run would measure; measures nothing yet.
-- @tparam table options of the command line: `profile`, `build`, `filter`, and the arrays
-- `strategies`, `callers`, `mallocs`, `engines`, `luajit`, `lua54`
-- @treturn table `options`, `callers`, `strategies` (found or not), `entries` (of the selection)
function session.prepare(options)
  local list = callers.select(options.build, { luajit = options.luajit, lua54 = options.lua54 },
    options.callers)
  local available = {
    engines = libraries.engines(options.build, named_libraries("--engine", options.engines)),
    mallocs = libraries.mallocs(named_libraries("--malloc", options.mallocs)),
  }
  local strategies = {}
  for _, caller in ipairs(list) do
    for _, strategy in ipairs(catalogue.load(caller, available)) do
      strategies[#strategies + 1] = strategy
    end
  end
  check_preloads(strategies, options.mallocs)
  return { options = options, callers = list, strategies = strategies,
    entries = selection.choose(list, strategies, options) }
end

-- The last CPU that this process may use: the first serves most interrupts.
local function last_cpu()
  if not process.find("taskset") then return nil end
  local status = files.read("/proc/self/status") or ""
  local allowed = status:match("\nCpus_allowed_list:%s*(%S+)")
  return allowed and tonumber(allowed:match("(%d+)$"))
end

local function references(list)
  local reference, control = {}, {}
  for _, caller in ipairs(list) do
    local name = callers.REFERENCE[caller.kind]
    reference[caller.name] = name
    control[caller.name] = { of = name, name = selection.control_name(name) }
  end
  return reference, control
end

local function strategy_rows(self)
  local rows = json.array()
  for _, entry in ipairs(self.entries) do
    rows[#rows + 1] = { caller = entry.caller.name, name = entry.name, found = true,
      proof = entry.proof or {} }
  end
  for _, strategy in ipairs(self.strategies) do
    if not strategy.found then
      rows[#rows + 1] = { caller = strategy.caller.name, name = strategy.name, found = false,
        hint = strategy.hint }
    end
  end
  return rows
end

local function case_rows(entries)
  local rows, seen = json.array(), {}
  for _, entry in ipairs(entries) do
    for _, case in ipairs(entry.cases) do
      local id = table.concat({ entry.caller.name, case.workload, case.params }, "/")
      if not seen[id] then
        seen[id] = true
        rows[#rows + 1] = { caller = entry.caller.name, workload = case.workload,
          params = case.params, mode = case.mode }
      end
    end
  end
  return rows
end

local function describe(self, settings)
  local options = self.options
  local commit, dirty = version.commit()
  local reference, control = references(self.callers)
  return {
    profile = options.profile, seed = options.seed, filter = options.filter or "",
    rounds_planned = settings.rounds, commit = commit, dirty = dirty,
    version = version.number(), build_type = "unknown", command = json.array(options.command),
    pinned_cpu = settings.cpu or false, repetitions = settings.repetitions,
    min_time = settings.min_time, fingerprint = fingerprint.take(options.build),
    reference = reference, control = control, strategies = strategy_rows(self),
    cases = case_rows(self.entries),
  }
end

-- What only a measuring process knows.
local function note_context(self, meta, context)
  meta.strategies = strategy_rows(self)
  meta.build_type = context.heaplab_build_type or meta.build_type
  meta.fingerprint.benchmark_library = context.heaplab_benchmark_library
    or meta.fingerprint.benchmark_library
end

local function run_rounds(self, settings, folder, running)
  local count = 0
  for round = 1, settings.rounds do
    local results = running:round(round)
    if not results then return count end
    local list = samples.of_round(round, results)
    note_context(self, folder.meta, running.context or {})
    folder.meta.failures = json.array(running.failures)
    folder:add_round(round, list)
    count = count + #list
  end
  return count
end

local function announce(self, display)
  local cases = 0
  for _, entry in ipairs(self.entries) do cases = cases + #entry.cases end
  display:say("%d cases of %d strategies, seed %d", cases, #self.entries, self.options.seed)
end

local function status_of(folder, count)
  if count == 0 and not interrupt.requested() then return "failed" end
  return folder.meta.rounds_done == folder.meta.rounds_planned and "complete" or "interrupted"
end

--- Measures.
-- @tparam table self as @{prepare} returns it, with `options.rounds` (or nil: the profile's),
-- `options.timeout` (seconds, or nil), `options.seed`, `options.command` (array)
-- @treturn table the run's folder: `dir`, `id`, `meta` (run.json)
function session.run(self)
  local settings = profile.get(self.options.profile)
  settings.rounds, settings.cpu = self.options.rounds or settings.rounds, last_cpu()
  settings.timeout = self.options.timeout
  local folder = run_folder.create(describe(self, settings))
  interrupt.install()
  local display = progress.new { noun = "processes", rounds = settings.rounds,
    steps = settings.rounds * #plan.jobs(self.entries) }
  local running = executor.new { entries = self.entries, settings = settings,
    rng = rng.new(self.options.seed), rounds = settings.rounds, raw = folder.raw,
    progress = display }
  announce(self, display)
  local count = run_rounds(self, settings, folder, running)
  display:close()
  folder.meta.failures = json.array(running.failures)
  folder:finish(status_of(folder, count), count > 0)
  return folder
end

return session
