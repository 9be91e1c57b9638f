--- `heaplab stress`: hammers the engines with random operations and checks every answer.

local cjson = require "cjson"

local cli = require "heaplab.cli"
local clock = require "heaplab.clock"
local columns = require "heaplab.columns"
local fail = require "heaplab.fail"
local files = require "heaplab.files"
local harnesses = require "heaplab.stress.harnesses"
local interrupt = require "heaplab.interrupt"
local json = require "heaplab.json"
local libraries = require "heaplab.libraries"
local paths = require "heaplab.paths"
local rng = require "heaplab.rng"
local runner = require "heaplab.stress.runner"
local timeline = require "heaplab.stress.timeline"
local version = require "heaplab.version"

local UNITS = { s = 1, m = 60, h = 3600, [""] = 1 }

local function seconds_of(text)
  local number, unit = text:match("^([%d.]+)([smh]?)$")
  local value = tonumber(number)
  if value and value > 0 then return value * UNITS[unit] end
  return nil, ("'%s' is no duration; write 10s, 5m or 1h"):format(text)
end

local function parser()
  local p = cli.parser("stress", "Hammer the engines with random operations; check every answer.")
  p:epilog("model checks contents and sizes against a model in C; threads share a heap and"
    .. " blocks in C; gc makes storms of Alloc, ReAlloc and dropped blobs on both VMs."
    .. " The seed repeats a failure, but for when threads meet. Exit code 1 when one failed.")
  p:argument("harness", "model, threads or gc; without it all."):args("?")
  p:option("--engine", "Only this engine: a name, or NAME=LIB.so for a library of your own.")
    :count("*"):argname("NAME")
  p:option("--seed", "Seed (default: random)."):convert(cli.whole(0))
  p:option("--for", "How long each harness runs on each engine."):default("10s")
    :argname("TIME"):target("seconds"):convert(seconds_of)
  p:option("--json", "Also write the results to this file."):argname("FILE")
  p:option("--out", "Folder for the results (default: results)."):argname("DIR")
  p:option("--build", "Build folder (default: build/release)."):argname("DIR")
  return p
end

local function own_engines(texts)
  local added, wanted = {}, {}
  for _, text in ipairs(texts) do
    local name = text
    if text:find("=", 1, true) then
      name, added[text:match("^[^=]*")] = libraries.named("--engine", text)
    end
    wanted[#wanted + 1] = name
  end
  return added, wanted
end

local function engines_of(build, texts)
  local added, wanted = own_engines(texts)
  local by_name, names, found = {}, {}, {}
  for _, engine in ipairs(libraries.engines(build, added)) do
    by_name[engine.name], names[#names + 1] = engine, engine.name
  end
  for _, name in ipairs(#wanted > 0 and wanted or names) do
    local engine = by_name[name]
    if not engine then
      fail.usage("unknown engine '%s'; engines: %s", name, table.concat(names, ", "))
    elseif engine.path then
      found[#found + 1] = engine
    elseif #wanted > 0 then
      fail.usage("%s: not found; %s", name, engine.hint)
    else
      io.stderr:write(("%s: not found; %s\n"):format(name, engine.hint))
    end
  end
  if #found == 0 then fail.usage("no engine found in %s/lib", build) end
  return found
end

local function table_text(results)
  local rows = { { "harness", "caller", "engine", "status", "operations", "per second",
    "peak live, MiB", "seconds" } }
  for _, result in ipairs(results) do
    rows[#rows + 1] = { result.harness, result.caller, result.engine, result.status,
      ("%d"):format(result.operations), ("%.0f"):format(result.rate),
      ("%.1f"):format(result.peak_live_bytes / 2 ^ 20), ("%.1f"):format(result.seconds) }
  end
  return columns.format(rows, "llllrrrr")
end

local function failure_lines(results)
  local lines = {}
  for _, result in ipairs(results) do
    for _, failure in ipairs(result.failures) do
      lines[#lines + 1] = ("%s %s %s, seed %d%s: %s\n"):format(result.harness, result.caller,
        result.engine, result.seed, failure.operation
        and (", operation " .. tostring(failure.operation)) or "", tostring(failure.what))
    end
  end
  return table.concat(lines)
end

local function store(results, options, folder, started)
  local text = json.pretty({ schema = 1, started = started, finished = clock.iso(),
    seed = options.seed, seconds = options.seconds, version = version.number(),
    commit = version.commit() or cjson.null, harnesses = results }) .. "\n"
  fail.unless(files.write(folder .. "/stress.json", text))
  if options.json then fail.unless(files.write(options.json, text)) end
  if #results > 0 then
    local drawn, err = timeline.draw(results, folder)
    if not drawn then io.stderr:write("heaplab: no chart: ", err, "\n") end
  end
end

local function exit_code(results)
  if interrupt.requested() then
    io.stderr:write("heaplab: interrupted\n")
    return interrupt.exit_code()
  end
  for _, result in ipairs(results) do
    if result.status ~= "passed" then return 1 end
  end
  return 0
end

local function run(args)
  local options = cli.parse(parser(), args)
  if options.out then paths.set_results(cli.absolute(options.out)) end
  local build = options.build and cli.absolute(options.build) or paths.build()
  options.seed = options.seed or rng.entropy()
  local jobs = harnesses.jobs(build, options.harness, engines_of(build, options.engine))
  local started = clock.iso()
  local folder = fail.unless(files.claim(paths.results .. "/stress", clock.stamp()))
  io.stderr:write(("%d harnesses of %g s each, seed %d\n"):format(#jobs, options.seconds,
    options.seed))
  interrupt.install()
  local results = runner.run(jobs, options, folder)
  cli.emit(table_text(results) .. failure_lines(results))
  store(results, options, folder, started)
  print(folder)
  return exit_code(results)
end

return { summary = "hammer the engines with random operations, check every answer", run = run }
