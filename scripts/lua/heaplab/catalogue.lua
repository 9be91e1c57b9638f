--- What can be measured: the strategies of each caller and the cases of each strategy, as the
-- benchmark programs list them, with the library each one needs.
-- @module heaplab.catalogue

local callers = require "heaplab.callers"
local fail = require "heaplab.fail"
local process = require "heaplab.process"
local profile = require "heaplab.profile"
local tsv = require "heaplab.tsv"

local catalogue = {}

local LIST_TIMEOUT = 30

-- Which engine serves a strategy that needs one but does not name it.
local DEFAULT_ENGINE = "native"

local function ask(caller, arguments, header)
  local argv = { unpack(caller.argv) }
  for _, argument in ipairs(arguments) do argv[#argv + 1] = argument end
  local result = process.run({ argv = argv, env = callers.environment(caller),
    timeout = LIST_TIMEOUT })
  if not result.ok then return nil, process.describe(result) end
  local records, names = tsv.parse(result.stdout)
  if records and table.concat(names, " ") == header then return records end
  return nil, ("it printed no table of %s"):format(header)
end

-- The benchmark programs know no profiles but these.
local function check_profiles(caller, rows)
  for _, row in ipairs(rows) do
    if not profile.get(row.profile) then
      fail.usage("%s: its list names an unknown profile '%s'", caller.name, tostring(row.profile))
    end
  end
  return rows
end

local function needs(row, what)
  return ("," .. row.needs .. ","):find("," .. what .. ",", 1, true) ~= nil
end

local function with_engine(caller, row, engine)
  local name = row.strategy:gsub("ENGINE", engine.name)
  return { caller = caller, name = name, profile = row.profile,
    own = engine.own and name == "heap:" .. engine.name,
    engine = engine.path, library_hint = engine.hint, library_found = engine.path ~= nil }
end

local function with_malloc(caller, name, profile_name, library)
  library = library or { hint = ("name its library: --malloc %s=lib.so"):format(name) }
  return { caller = caller, name = "malloc:" .. name, profile = profile_name, own = library.own,
    preload = library.path, library_hint = library.hint, library_found = library.path ~= nil }
end

-- The program loads the library of this malloc itself, where the loader finds it.
local function with_loaded(caller, row, library)
  library = library or {}
  return { caller = caller, name = row.strategy, profile = row.profile,
    library_hint = library.hint, library_found = library.path ~= nil }
end

local function expand(list, caller, row, available)
  if row.strategy:find("ENGINE", 1, true) then
    for _, engine in ipairs(available.engines) do
      list[#list + 1] = with_engine(caller, row, engine)
    end
  elseif needs(row, "engine") then
    for _, engine in ipairs(available.engines) do
      if engine.name == DEFAULT_ENGINE then
        list[#list + 1] = with_engine(caller, row, engine)
      end
    end
  elseif needs(row, "preload") then
    local name = row.strategy:match("^malloc:(.+)$")
    list[#list + 1] = with_malloc(caller, name, row.profile, available.mallocs[name])
  elseif row.needs:find("^loads:") then
    list[#list + 1] = with_loaded(caller, row, available.mallocs[row.needs:match(":(.+)")])
  else
    list[#list + 1] = { caller = caller, name = row.strategy, profile = row.profile,
      library_found = true }
  end
end

-- The user's own malloc libraries are strategies of every caller that can be preloaded.
local function expand_own_mallocs(list, caller, rows, available)
  local preloads, added = {}, {}
  for _, row in ipairs(rows) do
    if needs(row, "preload") then preloads[row.strategy] = true end
  end
  for name, library in pairs(next(preloads) and available.mallocs or {}) do
    if library.own and not preloads["malloc:" .. name] then added[#added + 1] = name end
  end
  table.sort(added)
  for _, name in ipairs(added) do
    list[#list + 1] = with_malloc(caller, name, profile.NAMES[1], available.mallocs[name])
  end
end

-- A case is in a profile when both it and its strategy are.
local function load_cases(strategy)
  local rows, err = ask(strategy.caller, { "--list", "--strategy=" .. strategy.name },
    "workload params mode profile")
  if not rows then return nil, err end
  check_profiles(strategy.caller, rows)
  local cases = {}
  for i, row in ipairs(rows) do
    cases[i] = { workload = row.workload, params = row.params, mode = row.mode,
      profile = profile.larger(row.profile, strategy.profile) }
  end
  return cases
end

local function finish(strategy)
  local cases, err = {}, strategy.library_hint
  if strategy.library_found then cases, err = load_cases(strategy) end
  return { caller = strategy.caller, name = strategy.name, child_name = strategy.name,
    engine = strategy.engine, preload = strategy.preload, own = strategy.own,
    found = strategy.library_found and cases ~= nil, hint = err, cases = cases or {} }
end

--- The strategies of one caller, found or not, in the program's order.
-- @tparam table caller as callers.select returns it
-- @tparam table available `engines` and `mallocs` as the module libraries returns them
-- @treturn {table,...} `caller`, `name`, `child_name` (the name its program knows), `engine` and
-- `preload` (paths), `own` (its library was given on the command line), `found`, `hint` (when not
-- found), `cases`: `workload`, `params`, `mode` ("shared" or "alone"), `profile` (the smallest
-- that has it)
function catalogue.load(caller, available)
  local rows, err = ask(caller, { "--list-strategies" }, "strategy profile needs")
  if not rows then
    fail.usage("%s: cannot list its strategies: %s", caller.name, err)
  end
  check_profiles(caller, rows)
  local expanded, list = {}, {}
  for _, row in ipairs(rows) do expand(expanded, caller, row, available) end
  expand_own_mallocs(expanded, caller, rows, available)
  for i, strategy in ipairs(expanded) do list[i] = finish(strategy) end
  return list
end

return catalogue
