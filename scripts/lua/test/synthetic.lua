-- Run folders for tests: the shape of a real run, the numbers made up from a formula and a seed.
-- Nothing here is a measurement, and the run's id, commit and CPU say so.
local cjson = require "cjson"

local files = require "heaplab.files"
local tsv = require "heaplab.tsv"

local synthetic = {}

-- Nanoseconds at 64 bytes; made up.
local COSTS = {
  c = {
    ["heap:native"] = 12, ["heap:native+no_serialize"] = 9, ["heap:native+zero_memory"] = 14,
    ["heap:native+max"] = 12.5, ["heap:mimalloc"] = 16, ["heap:jemalloc"] = 31,
    ["heap:malloc"] = 26, ["malloc:glibc"] = 18, ["malloc:jemalloc"] = 20,
    ["malloc:mimalloc"] = 13, ["control:malloc:glibc"] = 18, nop = 0.4, floor = 1.6,
  },
  luajit = {
    ["heap:native"] = 90, ["heap:native+no_serialize"] = 85, ["heap:mimalloc"] = 101,
    ["ffi.gc:malloc"] = 152, ["ffi.gc:calloc"] = 161, ["ffi.gc:heap"] = 170,
    ["ffi.gc:malloc+step"] = 190, ["metatype:native"] = 271, ["pool:malloc"] = 70,
    ["ffi.new"] = 19, ["userdata:inline"] = 50, ["userdata:malloc"] = 64,
    ["control:ffi.gc:malloc"] = 152, nop = 0.3, floor = 13,
  },
  lua54 = {
    ["heap:native"] = 95, ["heap:native+no_serialize"] = 91, ["heap:jemalloc"] = 133,
    ["userdata:inline"] = 35, ["userdata:malloc"] = 86, ["control:userdata:malloc"] = 86,
    nop = 4, floor = 33,
  },
}

local WORKLOADS = {
  c = {
    pair = { "size=16", "size=64", "size=256", "size=1024", "size=4096", "size=16384",
      "size=65536" },
    batch = { "size=64/order=lifo", "size=64/order=fifo", "size=64/order=random" },
    churn = { "live=5000" },
    heap_cycle = { "blocks=1", "blocks=100" },
  },
  luajit = {
    drop = { "size=64/touch=none/jit=on", "size=4096/touch=none/jit=on",
      "size=65536/touch=none/jit=on", "size=65536/touch=page/jit=on" },
    explicit = { "size=64/touch=none/jit=on", "size=4096/touch=none/jit=on",
      "size=65536/touch=none/jit=on" },
    live = { "size=64/touch=none/jit=on" },
  },
  lua54 = {
    drop = { "size=64/touch=none/gc=incremental", "size=65536/touch=none/gc=incremental" },
    explicit = { "size=64/touch=none/gc=incremental", "size=65536/touch=none/gc=incremental" },
  },
}

local REFERENCE = { c = "malloc:glibc", luajit = "ffi.gc:malloc", lua54 = "userdata:malloc" }

-- A small generator of its own, so that the same seed gives the same run everywhere.
local function generator(seed)
  local state = seed % 2147483647 + 1
  return function()
    state = state * 16807 % 2147483647
    return state / 2147483647
  end
end

local function sorted(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function cost(caller, workload, strategy, params, factor)
  local size = tonumber(params:match("size=(%d+)")) or 64
  local touched = params:find("touch=page", 1, true) and 8 or 1
  local slower = factor and factor[strategy] or 1
  local released = workload == "explicit" and 0.7 or 1
  return COSTS[caller][strategy] * (size / 64) ^ 0.22 * touched * slower * released
end

local function add(samples, round, caller, workload, params, strategy, metric, value, unit)
  samples[#samples + 1] = { round = round, caller = caller, workload = workload, params = params,
    strategy = strategy, metric = metric, value = value, unit = unit }
end

local function sample_case(samples, options, random, round, caller, workload, params)
  for _, strategy in ipairs(sorted(COSTS[caller])) do
    local noise = 1 + 0.04 * (random() + random() + random() - 1.5)
    local time = cost(caller, workload, strategy, params, options.factor) * noise
    add(samples, round, caller, workload, params, strategy, "cpu_time", time, "ns/op")
    if caller ~= "c" or workload == "churn" then
      local memory = strategy == "nop" and 0 or math.floor(time * 65536 * (1 + random() / 20))
      add(samples, round, caller, workload, params, strategy, "peak_rss", memory, "bytes")
    end
  end
end

local function each_case(callers, visit)
  for _, caller in ipairs(callers) do
    for _, workload in ipairs(sorted(WORKLOADS[caller])) do
      for _, params in ipairs(WORKLOADS[caller][workload]) do visit(caller, workload, params) end
    end
  end
end

local function strategies(callers)
  local list = {}
  for _, caller in ipairs(callers) do
    for _, name in ipairs(sorted(COSTS[caller])) do
      list[#list + 1] = { caller = caller, name = name, found = true, proof = {
        malloc_path = "/lib/synthetic/libc.so.6", malloc_build_id = "00c0ffee",
        engine = name:find("native", 1, true) and "native 0.0-synthetic 00c0ffee" or nil,
        vm = caller ~= "c" and "synthetic " .. caller or nil } }
    end
  end
  list[#list + 1] = { caller = "c", name = "malloc:tcmalloc", found = false,
    hint = "install the package libgoogle-perftools-dev" }
  return list
end

local function meta(options, callers)
  local control, reference = {}, {}
  for _, caller in ipairs(callers) do
    reference[caller] = REFERENCE[caller]
    control[caller] = { of = REFERENCE[caller], name = "control:" .. REFERENCE[caller] }
  end
  return {
    schema = 1, id = options.id or "20000101T000000Z-synthetic", status = "complete",
    started = options.started or "2000-01-01T00:00:00Z", finished = "2000-01-01T00:01:00Z",
    profile = "smoke", seed = options.seed or 1, rounds_planned = options.rounds or 9,
    rounds_done = options.rounds or 9, filter = cjson.null, commit = options.commit or "synthet",
    dirty = false, version = "0.0-synthetic", build_type = options.build_type or "Release",
    command = { "synthetic" }, reference = reference, control = control,
    fingerprint = { key = options.machine or "5e17e71c00000000", cpu = "Synthetic CPU", cores = 2,
      memory_bytes = 2 ^ 33, kernel = "Linux synthetic", distribution = "none", libc = "none",
      compiler = "none", thp = "madvise", governor = "none", aslr = "2",
      virtualisation = "none", benchmark_library = "none" },
    strategies = strategies(callers), cases = {}, failures = {},
  }
end

-- A run as heaplab.runs.load returns it. Options: id, started, commit, machine, build_type, seed,
-- rounds, callers, factor (strategy -> multiplier of its time).
function synthetic.run(options)
  options = options or {}
  local callers = options.callers or { "c", "luajit", "lua54" }
  local run = { dir = options.dir, meta = meta(options, callers), samples = {} }
  local random = generator(options.seed or 1)
  for round = 1, run.meta.rounds_done do
    each_case(callers, function(...) sample_case(run.samples, options, random, round, ...) end)
  end
  each_case(callers, function(caller, workload, params)
    local case = { caller = caller, workload = workload, params = params, mode = "shared" }
    table.insert(run.meta.cases, case)
  end)
  return run
end

-- Writes a run as the folder that heaplab.runs.load reads.
function synthetic.write(dir, run)
  assert(files.make_directories(dir))
  local columns = { "round", "caller", "workload", "params", "strategy", "metric", "value",
    "unit" }
  local lines = { tsv.line(columns) }
  for _, sample in ipairs(run.samples) do
    local values = {}
    for i, name in ipairs(columns) do values[i] = sample[name] end
    lines[#lines + 1] = tsv.line(values)
  end
  assert(files.write(dir .. "/samples.tsv", table.concat(lines)))
  assert(files.write(dir .. "/run.json", cjson.encode(run.meta)))
  run.dir = dir
  return dir
end

return synthetic
