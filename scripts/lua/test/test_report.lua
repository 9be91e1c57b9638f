-- The page and the charts: the numbers are the samples', nothing from outside is markup, and a run
-- with half of its cases missing still gives a page.
local lu = require "luaunit"
local cjson = require "cjson"

local case_index = require "heaplab.case_index"
local compare = require "heaplab.compare"
local files = require "heaplab.files"
local html = require("heaplab.text").html
local paths = require "heaplab.paths"
local process = require "heaplab.process"
local report = require "heaplab.report"
local runs = require "heaplab.runs"
local strategies = require "heaplab.charts.strategies"
local units = require "heaplab.units"
local scratch = require "test.scratch"
local synthetic = require "test.synthetic"

local page = {}
_G.TestReport = page

-- lu.assertStrContains would print the page, and takes minutes to prepare that.
local function contains(text, part)
  lu.assertTrue(text:find(part, 1, true) ~= nil, part)
end

function page:setUp()
  self.results = scratch.make()
end

function page:tearDown()
  scratch.remove(self.results)
end

-- Writes a run as a folder, reports on it, and returns the page, the run as loaded, its folder.
function page:write(run, options)
  local dir = synthetic.write(self.results .. "/runs/" .. (run.meta.id:gsub("[^%w-]", "_")), run)
  local loaded = assert(runs.load(dir))
  return scratch.read(report.write(loaded, options or {})), loaded, dir
end

-- The cells of a strategy's row below a heading of a workload's table, tags taken off.
local function cells(text, section, heading, strategy)
  local body = assert(text:match('<details open id="' .. section .. '">(.-)</details>'), section)
  local at = assert(body:find(">" .. heading .. "</th></tr>", 1, true), heading)
  for row in body:sub(at):gmatch("<tr class.-</tr>") do
    if row:find("</span>" .. html(strategy) .. "</th>", 1, true) then
      local list = {}
      for cell in row:gmatch("<td.->(.-)</td>") do list[#list + 1] = (cell:gsub("<.->", "")) end
      return list
    end
  end
end

function page:testEveryRowSaysWhatTheSamplesSay()
  local text, run = self:write(synthetic.run { rounds = 9 })
  local index = case_index.of(run.samples)
  for _, strategy in ipairs { "heap:native", "heap:jemalloc", "malloc:mimalloc" } do
    local compared = compare.strategies(run, { base = "malloc:glibc", against = strategy,
      caller = "c", filter = "^c/pair/size=64$" }).cases[1]
    local row = cells(text, "t%-c%-pair", "64 B", strategy)
    local time = index:summary("cpu_time", "c", "pair", "size=64", strategy)
    lu.assertEquals(row[1], units.time(time.median))
    lu.assertEquals(row[2], units.ratio(compared.ratio))
    lu.assertEquals(row[4], ("%.3f–%.3f"):format(compared.low, compared.high))
    lu.assertStrContains(row[5], compared.verdict)
  end
end

function page:testTheHeadlineIsTheGeometricMeanOfCompare()
  local text, run = self:write(synthetic.run { rounds = 9 })
  for caller, reference in pairs(run.meta.reference) do
    local mean = compare.strategies(run, { base = reference, against = "heap:native",
      caller = caller }).geomean
    contains(text, ("<strong>%s</strong> the time of %s <small>(geometric mean of %d"
      .. " cases, %.3f–%.3f)"):format(units.ratio(mean.ratio), reference, mean.cases, mean.low,
      mean.high))
  end
end

function page:testAnotherReferenceDividesByIt()
  local text, run = self:write(synthetic.run { rounds = 9, callers = { "c", "lua54" } },
    { reference = "malloc:jemalloc" })
  lu.assertEquals(cells(text, "t%-c%-pair", "64 B", "malloc:jemalloc")[2], "1")
  local inverse = compare.strategies(run, { base = "malloc:jemalloc", against = "malloc:glibc",
    caller = "c", filter = "^c/pair/size=64$" }).cases[1]
  lu.assertEquals(cells(text, "t%-c%-pair", "64 B", "malloc:glibc")[2],
    units.ratio(inverse.ratio))
  contains(text, "against userdata:malloc")
end

-- Two strategies without one of the three cases of a workload, one of them without a second.
function page:testBarsOfAChartAreMeansOverTheSameCases()
  local run = synthetic.run { rounds = 9, callers = { "c" } }
  local lacks = { ["heap:jemalloc/size=64/order=lifo"] = true,
    ["heap:malloc/size=64/order=lifo"] = true, ["heap:malloc/size=64/order=fifo"] = true }
  local kept = {}
  for _, sample in ipairs(run.samples) do
    if sample.workload ~= "batch" or not lacks[sample.strategy .. "/" .. sample.params] then
      kept[#kept + 1] = sample
    end
  end
  local drawn = {}
  for _, chart in ipairs(strategies.charts(case_index.of(kept), run.meta)) do
    if chart.name:find("^strategies%-c%-batch") then
      drawn[#drawn + 1] = { chart.name, chart.strategies,
        chart.script:find("heap:jemalloc", 1, true) ~= nil,
        chart.script:find("heap:malloc", 1, true) ~= nil }
    end
  end
  lu.assertEquals(drawn, {
    { "strategies-c-batch-size=64/order=random", 11, true, true },
    { "strategies-c-batch-size=64/order=fifo+size=64/order=random", 10, true, false },
    { "strategies-c-batch", 9, false, false },
  })
end

function page:testLossesComeFirstWorstOnTop()
  local run = synthetic.run { rounds = 15, factor = { ["heap:native"] = 3,
    ["heap:native+max"] = 2 } }
  local text = self:write(run)
  local section = text:match('<section id="losses">(.-)</section>')
  lu.assertTrue(text:find('id="losses"', 1, true) < text:find('id="strategies"', 1, true))
  local last = math.huge
  for ratio in section:gmatch('</span>heap:native</th><td class="n">[^<]*</td>'
    .. '<td class="n">([%d.]+)×') do
    lu.assertTrue(tonumber(ratio) > 1 and tonumber(ratio) <= last)
    last = tonumber(ratio)
  end
  lu.assertTrue(last < math.huge)
  contains(section, "slower")
end

-- A gnuplot at which somebody presses Ctrl-C: half a picture is there.
local STOPPED = "#!/bin/sh\n" .. [[
sed -n "s/^set output '\(.*\)'/\1/p" "$2" | while read -r file; do echo half >"$file"; done
kill -INT "$PPID"
exec sleep 600
]]

function page:testCtrlCLeavesNoHalfOfAPicture()
  local run = synthetic.run { rounds = 5 }
  local dir = synthetic.write(self.results .. "/runs/" .. run.meta.id, run)
  assert(files.write(self.results .. "/gnuplot", STOPPED))
  assert(process.run({ argv = { "chmod", "+x", self.results .. "/gnuplot" } }).ok)
  local result = process.run { argv = { paths.root .. "/scripts/heaplab", "report", "--run", dir },
    env = { PATH = self.results .. ":" .. os.getenv("PATH") } }
  lu.assertEquals({ result.code, result.stderr }, { 130, "heaplab: interrupted\n" })
  lu.assertEquals(files.list(dir .. "/charts"), {})
  lu.assertFalse(files.exists(dir .. "/report.html"))
end

function page:testThePageSaysWhereProcessesRan()
  local run = synthetic.run { rounds = 6, callers = { "c" } }
  contains(self:write(run), "<dt>pinned to CPU</dt><dd>none: the scheduler chose</dd>")
  run.meta.pinned_cpu = 1
  contains(self:write(run), "<dt>pinned to CPU</dt><dd>1</dd>")
end

function page:testThePageSaysWhenVerdictsAreUncorrected()
  contains(self:write(synthetic.run { rounds = 6 }), "6 rounds are too few for Holm")
  lu.assertNil(self:write(synthetic.run { rounds = 15 }):find("for Holm", 1, true))
end

function page:testWithoutALossThePageSaysSo()
  local text = self:write(synthetic.run { rounds = 15, callers = { "c" } })
  contains(text, "In none of ")
end

local function inline_charts(text)
  local list = {}
  for svg in text:gmatch("<svg.-</svg>") do list[#list + 1] = svg end
  return list
end

function page:testEveryIdIsUniqueAndEveryReferenceHasItsTarget()
  local text = self:write(synthetic.run { rounds = 5 })
  local ids = {}
  for id in text:gmatch('%sid="([^"]*)"') do
    lu.assertNil(ids[id], id)
    ids[id] = true
  end
  local count = 0
  for id in text:gmatch('href="#([^"]*)"') do
    lu.assertTrue(ids[id], id)
    count = count + 1
  end
  lu.assertTrue(count > 100)
end

function page:testEveryChartIsWellFormedAndSmall()
  local text, _, dir = self:write(synthetic.run { rounds = 5 })
  lu.assertTrue(#inline_charts(text) > 15)
  for _, svg in ipairs(inline_charts(text)) do lu.assertTrue(scratch.well_formed(svg)) end
  local checked = 0
  for _, name in ipairs(files.list(dir .. "/charts")) do
    local content = scratch.read(dir .. "/charts/" .. name)
    lu.assertTrue(#content < 100e3, name)
    if name:find("%.svg$") then
      lu.assertTrue(scratch.well_formed(content), name)
      checked = checked + 1
    end
  end
  lu.assertEquals(checked, #inline_charts(text))
  local xmllint = process.find "xmllint"
  if xmllint then
    lu.assertEquals(process.run { argv = { "sh", "-c", 'exec xmllint --noout "$1"/charts/*.svg',
      "sh", dir } }.stderr, "")
  end
end

function page:testAPageElsewhereHasItsChartsBesideIt()
  local elsewhere = self.results .. "/elsewhere"
  assert(files.make_directories(elsewhere))
  local text, _, dir = self:write(synthetic.run { rounds = 3, callers = { "lua54" } },
    { out = elsewhere .. "/page.html" })
  local count = 0
  for target in text:gmatch('href="(charts/[^"]+)"') do
    lu.assertTrue(files.exists(elsewhere .. "/" .. target), target)
    count = count + 1
  end
  lu.assertTrue(count > 0)
  lu.assertFalse(files.exists(dir .. "/charts"))
end

function page:testTheSameRunGivesTheSamePage()
  local first = self:write(synthetic.run { rounds = 3, callers = { "c" } })
  lu.assertTrue(first == self:write(synthetic.run { rounds = 3, callers = { "c" } }))
end

function page:testNothingIsFetchedAndNothingIsScript()
  local text = self:write(synthetic.run { rounds = 3 })
  lu.assertTrue(#text < report.LIMIT)
  lu.assertNil(text:find("https?://"))
  lu.assertNil(text:find("<script"))
  lu.assertNil(text:find("@import"))
  lu.assertNil(text:find("url%("))
  for target in text:gmatch('%s[hs]re?[fc]="([^"]*)"') do
    local own = target:find("^#") or target:find("^charts/[^/]+$") or target == "data:,"
    lu.assertNotNil(own, target)
  end
end

local HOSTILE = { '</script><script>alert(1)</script>', '"; DROP TABLE sample; --',
  "`touch /tmp/heaplab-owned`$(touch /tmp/heaplab-owned)", "'><img src=x onerror=alert(1)>",
  "%s%d%%", "..", "line\nbreak\ttab", "\255\254\1", "&lt;b&gt;" }

-- A run in which a malloc, an engine, a VM, a path and a failure carry hostile text.
local function hostile_run()
  local run = synthetic.run { rounds = 5, callers = { "c" } }
  local extra = {}
  for _, sample in ipairs(run.samples) do
    if sample.strategy == "malloc:mimalloc" then
      for i, name in ipairs(HOSTILE) do
        local copy = {}
        for key, value in pairs(sample) do copy[key] = value end
        copy.strategy, copy.value = "malloc:" .. name, sample.value * (1 + i / 10)
        extra[#extra + 1] = copy
      end
    end
  end
  for _, sample in ipairs(extra) do table.insert(run.samples, sample) end
  for _, name in ipairs(HOSTILE) do
    table.insert(run.meta.strategies, { caller = "c", name = "malloc:" .. name, found = true,
      proof = { malloc_path = "/x/" .. name, malloc_build_id = name, vm = name } })
    table.insert(run.meta.strategies, { caller = name, name = name, found = false, hint = name })
    table.insert(run.meta.failures, { round = 1, caller = name, strategy = name, case = name,
      what = name })
  end
  run.meta.command, run.meta.filter, run.meta.commit = HOSTILE, HOSTILE[1], HOSTILE[4]
  run.meta.fingerprint.cpu = HOSTILE[4]
  return run
end

function page:testHostileNamesAreTextOnly()
  local text, _, dir = self:write(hostile_run())
  lu.assertFalse(files.exists("/tmp/heaplab-owned"))
  lu.assertNil(text:find("<script", 1, true))
  lu.assertNil(text:find("<img", 1, true))
  lu.assertNil(text:find("[%z\1-\8\11-\31\127]"))
  contains(text, html("malloc:" .. HOSTILE[1]))
  contains(text, html("malloc:%s%d%%"))
  contains(text, html("malloc:&lt;b&gt;"))
  for _, name in ipairs(files.list(dir .. "/charts")) do
    if name:find("%.svg$") then
      lu.assertTrue(scratch.well_formed(scratch.read(dir .. "/charts/" .. name)), name)
    end
  end
end

function page:testHostileWorkloadsStayInTheRunsFolder()
  local run = synthetic.run { rounds = 3, callers = { "c" } }
  for _, sample in ipairs(run.samples) do
    if sample.workload == "pair" then sample.workload = "../../pair\"><b>" end
  end
  local text, _, dir = self:write(run)
  lu.assertNil(text:find("<b>\"", 1, true))
  lu.assertEquals(files.list(self.results), { "runs" })
  lu.assertEquals(#files.list(self.results .. "/runs"), 1)
  local found = 0
  for _, name in ipairs(files.list(dir .. "/charts")) do
    if name:find("pair", 1, true) then found = found + 1 end
  end
  lu.assertEquals(found, 4)
end

local function only(run, keep)
  local kept = {}
  for _, sample in ipairs(run.samples) do
    if keep(sample) then kept[#kept + 1] = sample end
  end
  run.samples = kept
  return run
end

function page:testMissingSamplesAreNamedAndNothingBreaks()
  local cases = {
    function() return false end,
    function(sample) return sample.metric == "peak_rss" end,
    function(sample) return sample.strategy == "heap:native" end,
    function(sample) return sample.strategy == "malloc:glibc" end,
    function(sample) return sample.workload == "drop" end,
    function(sample) return sample.params:find("size=64", 1, true) ~= nil end,
    function(sample) return sample.round == 1 end,
    function(sample) return sample.round ~= 2 or sample.strategy ~= "heap:native" end,
  }
  for i, keep in ipairs(cases) do
    local text = self:write(only(synthetic.run { rounds = 3, id = "case-" .. i }, keep))
    contains(text, "</html>")
    contains(text, i < 7 and "No samples: " or "What this run says")
    lu.assertNil(text:find("%f[%w]nan%f[%W]"), i)
    lu.assertNil(text:find("%f[%w]inf%f[%W]"), i)
  end
end

function page:testAnInterruptedRunAndFailuresAreSaid()
  local run = synthetic.run { rounds = 3, callers = { "c" } }
  run.meta.status, run.meta.rounds_planned, run.meta.build_type = "interrupted", 15, "Debug"
  run.meta.failures = {
    { round = 2, caller = "c", strategy = "heap:native",
      case = "c/pair/strategy=heap:native/size=64", what = "signal SIGSEGV" },
    { round = 3, caller = "c", strategy = "heap:native", case = "", what = "exit 1: odd" },
  }
  local text = self:write(run)
  contains(text, "<b>interrupted</b>: 3 of 15 rounds")
  contains(text, "failed in round 2: c/pair/strategy=heap:native/size=64: signal SIGSEGV")
  contains(text, "failed in round 3: C heap:native: exit 1: odd")
  contains(text, "3 rounds carry no verdict; at least 6 are needed.")
  contains(text, "null control undecided")
  contains(text, "Built as <b>Debug</b>")
  contains(text, "not found: <b>C malloc:tcmalloc</b>: install the package")
end

function page:testWhatReallyRanIsShownOncePerSetOfLibraries()
  local run = synthetic.run { rounds = 1, callers = { "c" } }
  run.meta.strategies = {
    { caller = "c", name = "heap:one", found = true, proof = { malloc_path = "/lib/libc.so.6",
      malloc_build_id = "aa11", engine = "one 1.2 bb22", engine_build_id = "bb22" } },
    { caller = "c", name = "malloc:two", found = true, proof = { malloc_path = "/lib/libtwo.so",
      malloc_build_id = "cc33", engine = cjson.null, vm = "LuaJIT 2.1", vm_path = "/bin/vm" } },
    { caller = "c", name = "malloc:three", found = false, hint = "install three" },
    { caller = "c", name = "heap:one+max", found = true, proof = { malloc_path = "/lib/libc.so.6",
      malloc_build_id = "aa11", engine = "one 1.2 bb22", engine_build_id = "bb22" } },
  }
  local section = self:write(run):match('<section id="proof">(.-)</section>')
  contains(section, '<th scope="row">heap:one<br>heap:one+max</th><td><code>/lib/libc.so.6</code>'
    .. "<br><small>build id aa11</small></td><td><code>one 1.2</code><br><small>build id bb22"
    .. "</small></td><td>–</td>")
  contains(section, "<code>/lib/libtwo.so</code><br><small>build id cc33</small></td><td>–</td>"
    .. "<td><code>LuaJIT 2.1</code><br><small>/bin/vm</small></td>")
  contains(section, '<td colspan="3">not found: install three</td>')
end

function page:testAFiredNullControlIsSaid()
  local callers = { "c", "lua54" }
  local quiet = self:write(synthetic.run { rounds = 15, callers = callers })
  contains(quiet, "C: null control quiet")
  local run = synthetic.run { rounds = 15, id = "fired", callers = callers,
    factor = { ["control:malloc:glibc"] = 1.3 } }
  local text = self:write(run)
  contains(text, "C: <b>the null control fired</b>: malloc:glibc against itself")
  contains(text, "Lua 5.4: null control quiet")
end

function page:testAHugeRunStaysBelowTheLimit()
  local run = synthetic.run { rounds = 3, callers = { "c" } }
  local more = {}
  for copy = 1, 9 do
    for _, sample in ipairs(run.samples) do
      local other = {}
      for key, value in pairs(sample) do other[key] = value end
      other.workload = sample.workload .. copy
      more[#more + 1] = other
    end
  end
  for _, sample in ipairs(more) do table.insert(run.samples, sample) end
  local text = self:write(run)
  lu.assertTrue(#text < report.LIMIT)
  contains(text, "Left out to keep this page small")
  contains(text, "(a file beside this page)")
end

function page:testTheVerbWritesThePageOfTheLatestRun()
  local run = synthetic.run { rounds = 3, callers = { "lua54" } }
  local dir = synthetic.write(self.results .. "/runs/" .. run.meta.id, run)
  assert(files.relink(run.meta.id, self.results .. "/runs/latest"))
  local result = scratch.heaplab(self.results, "report")
  lu.assertEquals({ result.code, result.stderr }, { 0, "" })
  lu.assertEquals(result.stdout, self.results .. "/runs/latest/report.html\n")
  lu.assertTrue(files.exists(dir .. "/report.html"))
  local elsewhere = self.results .. "/page.html"
  scratch.heaplab(self.results, "report", "--run", dir, "--out", elsewhere)
  lu.assertStrContains(scratch.read(elsewhere), run.meta.id)
end

function page:testMisuseIsOneLine()
  local run = synthetic.run { rounds = 3, callers = { "lua54" } }
  local dir = synthetic.write(self.results .. "/runs/" .. run.meta.id, run)
  local cases = {
    { { "--run", "nosuch" }, "nosuch" },
    { { "--run", dir, "--reference", "malloc:nosuch" }, "userdata:malloc" },
    { { "--run", dir, "--out", self.results .. "/none/page.html" }, "cannot write" },
    { { "--colour" }, "--colour" },
  }
  for _, case in ipairs(cases) do
    local result = scratch.heaplab(self.results, "report", unpack(case[1]))
    lu.assertEquals(result.code, 1)
    lu.assertStrMatches(result.stderr, "heaplab: [^\n]*\n")
    lu.assertStrContains(result.stderr, case[2])
  end
end

function page:testTheSyntheticRunSaysThatItIsOne()
  lu.assertStrContains(cjson.encode(synthetic.run({ rounds = 1 }).meta), "synthetic")
end

os.exit(lu.LuaUnit.run())
