--- `heaplab run`: measures, in rounds of fresh processes, into a new folder under results/runs.

local cli = require "heaplab.cli"
local clock = require "heaplab.clock"
local fail = require "heaplab.fail"
local interrupt = require "heaplab.interrupt"
local key = require "heaplab.key"
local paths = require "heaplab.paths"
local profile = require "heaplab.profile"
local rng = require "heaplab.rng"
local runs = require "heaplab.runs"
local session = require "heaplab.session"
local store = require "heaplab.store"
local summary = require "heaplab.summary"

local EPILOGUE = "The reference strategy of each caller always runs too, with its null control, and"
  .. " `nop` where memory is measured. Ctrl-C keeps the finished rounds and exits with 130. A case"
  .. " whose process crashes or hangs is listed at the end, and the exit code is 1."

local function parser()
  local p = cli.parser("run", "Measure, in rounds of fresh processes in random order.")
  p:epilog(EPILOGUE)
  p:option("--profile", "How much: " .. table.concat(profile.NAMES, ", ") .. "."):default("quick")
  p:option("--filter", "Only cases whose key matches this POSIX extended regular expression; a key"
    .. " is like c/pair/strategy=heap:native/size=64."):argname("REGEX")
  p:option("--strategy", "Only these strategies."):args("+"):count("*"):argname("NAME")
  p:option("--caller", "Only these callers: c, luajit, lua54, or one named by --luajit or --lua.")
    :args("+"):count("*"):argname("CALLER")
  p:option("--rounds", "Rounds (default: the profile's)."):convert(cli.whole(1))
  p:option("--seed", "Seed of the order (default: random)."):convert(cli.whole(0))
  p:option("--timeout", "Seconds after which a process counts as hung (default: 120, or 20 and 4"
    .. " for each case that shares it)."):convert(cli.whole(1)):argname("SECONDS")
  p:option("--out", "Folder for the results (default: results)."):argname("DIR")
  p:option("--build", "Build folder (default: build/release)."):argname("DIR")
  p:option("--malloc", "Also measure this malloc, preloaded."):count("*"):argname("NAME=LIB.so")
  p:option("--engine", "Also measure this heap engine."):count("*"):argname("NAME=LIB.so")
  p:option("--luajit", "Another LuaJIT: a further caller NAME, or without NAME instead of the"
    .. " system's."):count("*"):argname("[NAME=]PATH")
  p:option("--lua", "Another Lua 5.4, likewise."):count("*"):argname("[NAME=]PATH")
  p:flag("--list", "Print the keys of the cases that would run, and measure nothing.")
  return p
end

local function flatten(lists)
  local names = {}
  for _, list in ipairs(lists) do
    for _, name in ipairs(list) do names[#names + 1] = name end
  end
  return names
end

local function options_of(parsed, command)
  if not profile.get(parsed.profile) then
    fail.usage("unknown profile '%s'; profiles: %s", parsed.profile,
      table.concat(profile.NAMES, ", "))
  end
  if parsed.out then paths.set_results(cli.absolute(parsed.out)) end
  return {
    profile = parsed.profile, filter = parsed.filter, rounds = parsed.rounds,
    timeout = parsed.timeout,
    seed = parsed.seed or rng.entropy(), command = command,
    build = parsed.build and cli.absolute(parsed.build) or paths.build(),
    strategies = flatten(parsed.strategy), callers = flatten(parsed.caller),
    mallocs = parsed.malloc, engines = parsed.engine, luajit = parsed.luajit,
    lua54 = parsed.lua,
  }
end

local function print_keys(prepared)
  local lines = {}
  for _, entry in ipairs(prepared.entries) do
    for _, case in ipairs(entry.cases) do
      lines[#lines + 1] = key.case(entry.caller.name, case.workload, entry.name, case.params)
    end
  end
  cli.emit(table.concat(lines, "\n") .. "\n")
  return 0
end

-- The samples are stored before anything judges them.
local function finish(folder, seconds)
  local meta = folder.meta
  local run = fail.unless(runs.load(folder.dir))
  fail.unless(store.import(run))
  cli.emit(summary.text(run))
  print(("%s: %d of %d rounds in %s: %s"):format(meta.status, meta.rounds_done,
    meta.rounds_planned, clock.duration(seconds), folder.dir))
  if meta.status == "interrupted" then
    io.stderr:write(("heaplab: interrupted; %d finished rounds are kept\n")
      :format(meta.rounds_done))
    return interrupt.exit_code()
  end
  return #meta.failures > 0 and 1 or 0
end

local function run(args)
  local command = { "heaplab", "run", unpack(args) }
  local parsed = cli.parse(parser(), args)
  local prepared = session.prepare(options_of(parsed, command))
  if parsed.list then return print_keys(prepared) end
  fail.unless(store.check())
  local began = clock.seconds()
  return finish(session.run(prepared), clock.seconds() - began)
end

return { summary = "measure, in rounds of fresh processes", run = run }
