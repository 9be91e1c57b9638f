-- The history: ratios within a run, never across machines, changes found where they were planted.
local lu = require "luaunit"
local cjson = require "cjson"

local case_index = require "heaplab.case_index"
local files = require "heaplab.files"
local history = require "heaplab.history"
local store = require "heaplab.store"
local tsv = require "heaplab.tsv"
local scratch = require "test.scratch"
local synthetic = require "test.synthetic"

local over = {}
_G.TestHistory = over

function over:setUp()
  self.dir = scratch.make()
  self.store = assert(store.open(self.dir .. "/history.db"))
end

function over:tearDown()
  self.store:close()
  scratch.remove(self.dir)
end

local function night(number, changes)
  local options = { callers = { "c" }, rounds = 7, seed = number, id = ("run-%02d"):format(number),
    started = ("2000-01-%02dT02:00:00Z"):format(number), commit = ("c%06d"):format(number) }
  for key, value in pairs(changes or {}) do options[key] = value end
  return synthetic.run(options)
end

function over:import(...)
  local run = night(...)
  assert(self.store:import(run))
  return run
end

local function read(from)
  return assert(history.read(from, { metric = "cpu_time", matches = function() return true end }))
end

local function find(groups, key)
  for _, group in ipairs(groups) do
    for _, series in ipairs(group.series) do
      if series.key == key then return series, group end
    end
  end
end

local NATIVE = "c/pair/strategy=heap:native/size=64"

function over:testARatioIsThatOfTheRunsOwnSamples()
  local runs = { self:import(1), self:import(2) }
  local series = find(read(self.store), NATIVE)
  lu.assertEquals(#series.points, 2)
  for i, run in ipairs(runs) do
    local direct = case_index.of(run.samples):mean_ratio("cpu_time", "c", "pair", { "size=64" },
      "malloc:glibc", "heap:native")
    lu.assertEquals(series.points[i].run.name, run.meta.id)
    lu.assertAlmostEquals(series.points[i].ratio.ratio, direct.ratio, 1e-12)
    lu.assertAlmostEquals(series.points[i].ratio.low, direct.low, 1e-12)
  end
end

function over:testANightAtHalfSpeedLeavesTheRatiosAlone()
  self:import(1)
  local slow = night(2)
  for _, sample in ipairs(slow.samples) do sample.value = sample.value * 2 end
  assert(self.store:import(slow))
  local series = find(read(self.store), NATIVE)
  lu.assertAlmostEquals(series.points[2].ratio.ratio / series.points[1].ratio.ratio, 1, 0.1)
end

function over:testAPlantedSlowdownShows()
  self:import(1)
  self:import(2, { factor = { ["heap:native"] = 1.5 } })
  local groups = read(self.store)
  local points = find(groups, NATIVE).points
  lu.assertTrue(points[2].ratio.low > points[1].ratio.high * 1.2)
  local other = find(groups, "c/pair/strategy=malloc:mimalloc/size=64").points
  lu.assertTrue(other[2].ratio.low < other[1].ratio.high)
end

function over:testMachinesAndBuildTypesAreNeverMixed()
  self:import(1)
  self:import(2, { machine = "feedbeef00000000" })
  self:import(3, { build_type = "Debug" })
  self:import(4)
  local groups = read(self.store)
  lu.assertEquals(#groups, 3)
  lu.assertEquals(#groups[1].runs, 2)
  for _, group in ipairs(groups) do
    for _, series in ipairs(group.series) do
      for _, point in ipairs(series.points) do
        lu.assertEquals(point.run.machine, group.machine)
        lu.assertEquals(point.run.build_type, group.build_type)
      end
    end
  end
end

function over:testALineStandsForTheSameCasesInEveryRun()
  self:import(1)
  local fewer = night(2)
  for i = #fewer.samples, 1, -1 do
    if fewer.samples[i].params == "size=65536" then table.remove(fewer.samples, i) end
  end
  assert(self.store:import(fewer))
  self:import(3)
  for _, group in ipairs(read(self.store)) do
    for _, place in ipairs(group.workloads) do
      local points = place.points["heap:native"]
      lu.assertEquals(#points, place.workload == "pair" and 2 or 3)
      for _, point in ipairs(points) do
        lu.assertEquals(point.ratio.cases, #place.cases["heap:native"])
      end
    end
  end
end

function over:testAStrategyThatTheNewestRunLacksIsNotAMeanOverOtherCases()
  self:import(1)
  local smaller = night(2)
  for i = #smaller.samples, 1, -1 do
    local sample = smaller.samples[i]
    local kept = sample.params == "size=64" and sample.strategy ~= "malloc:mimalloc"
    if sample.workload == "pair" and not kept then table.remove(smaller.samples, i) end
  end
  assert(self.store:import(smaller))
  for _, place in ipairs(read(self.store)[1].workloads) do
    if place.workload == "pair" then
      for strategy, points in pairs(place.points) do
        lu.assertEquals(#points, strategy == "malloc:mimalloc" and 1 or 2)
        for _, point in ipairs(points) do lu.assertEquals(point.ratio.cases, 1) end
      end
    end
  end
end

function over:testTheVerbPrintsWhatTheStoreHoldsAndDrawsIt()
  for number = 1, 3 do self:import(number) end
  local result = scratch.heaplab(self.dir, "history", "--format", "json", "--filter", "^c/pair/")
  lu.assertEquals(result.stderr, "")
  local series = find(read(self.store), NATIVE)
  local found
  for _, row in ipairs(cjson.decode(result.stdout)) do
    lu.assertEquals(row.workload, "pair")
    if row.strategy == "heap:native" and row.params == "size=64" then found = row end
  end
  lu.assertEquals(found.runs, 3)
  lu.assertEquals(found.reference, "malloc:glibc")
  lu.assertAlmostEquals(found.ratio, series.points[3].ratio.ratio, 1e-9)
  lu.assertAlmostEquals(found.change,
    series.points[3].ratio.ratio / series.points[2].ratio.ratio - 1, 1e-9)
  local charts = self.dir .. "/charts/history/5e17e71c00000000"
  lu.assertEquals(files.list(charts), { "c-pair-cpu_time.png", "c-pair-cpu_time.svg" })
  lu.assertTrue(scratch.well_formed(scratch.read(charts .. "/c-pair-cpu_time.svg")))
end

function over:testTsvAndTextListTheSameCases()
  self:import(1)
  local result = scratch.heaplab(self.dir, "history", "--format", "tsv")
  local rows = assert(tsv.parse(result.stdout))
  local text = scratch.heaplab(self.dir, "history").stdout
  lu.assertTrue(#rows > 100)
  for _, row in ipairs(rows) do
    lu.assertStrContains(text, ("%s/%s/strategy=%s/%s\n"):format(row.caller, row.workload,
      row.strategy, row.params))
  end
end

function over:testTheVmOfAUserIsACallerToo()
  local run = night(1, { callers = { "lua54" } })
  run.meta.reference.mine = run.meta.reference.lua54
  for _, sample in ipairs(run.samples) do
    if sample.caller == "lua54" then sample.caller = "mine" end
  end
  assert(self.store:import(run))
  local result = scratch.heaplab(self.dir, "history", "--caller", "mine", "--format", "tsv")
  lu.assertEquals({ result.code, result.stderr }, { 0, "" })
  for _, row in ipairs(assert(tsv.parse(result.stdout))) do
    lu.assertEquals(row.caller, "mine")
  end
end

function over:testWhatMatchesNothingIsOneLine()
  local empty = scratch.make()
  local cases = {
    { empty, {}, "holds no run yet" },
    { self.dir, { "--filter", "^nowhere" }, "no stored case matches" },
    { self.dir, { "--metric", "beauty" }, "no stored case matches" },
    { self.dir, { "--filter", "(" }, "--filter" },
    { self.dir, { "--caller", "cobol" }, "--caller" },
  }
  self:import(1)
  for _, case in ipairs(cases) do
    local result = scratch.heaplab(case[1], "history", unpack(case[2]))
    lu.assertEquals(result.code, 1)
    lu.assertStrMatches(result.stderr, "heaplab: [^\n]*\n")
    lu.assertStrContains(result.stderr, case[3])
  end
  scratch.remove(empty)
end

os.exit(lu.LuaUnit.run())
