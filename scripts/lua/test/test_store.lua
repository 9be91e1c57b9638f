-- The store: what goes in comes out, bit for bit, whatever LuaDBI and SQLite do with it in between.
local lu = require "luaunit"
local DBI = require "DBI"

local files = require "heaplab.files"
local store = require "heaplab.store"
local scratch = require "test.scratch"
local synthetic = require "test.synthetic"

local storing = {}
_G.TestStore = storing

function storing:setUp()
  self.dir = scratch.make()
  self.path = self.dir .. "/history.db"
  self.store = assert(store.open(self.path))
end

function storing:tearDown()
  if self.store then self.store:close() end
  scratch.remove(self.dir)
end

function storing:reopen()
  self.store:close()
  self.store = assert(store.open(self.path))
end

-- Runs SQL on the file behind the store's back; returns the first row.
function storing:sql(text)
  local connection = assert(DBI.Connect("SQLite3", self.path))
  connection:autocommit(true)
  local statement = assert(connection:prepare(text))
  assert(statement:execute())
  local row = statement:fetch()
  row = row and { unpack(row) }
  statement:close()
  connection:close()
  return row
end

local function small(samples)
  local run = synthetic.run { callers = { "c" }, rounds = 1 }
  if samples then run.samples = samples end
  return run
end

local function sample(changes)
  local one = { round = 1, caller = "c", workload = "pair", params = "size=64",
    strategy = "heap:native", metric = "cpu_time", value = 1, unit = "ns" }
  for key, value in pairs(changes or {}) do one[key] = value end
  return one
end

function storing:testEveryValueComesBackExactly()
  local values = { 2 ^ 31 - 1, 2 ^ 31, 2 ^ 31 + 1, 2 ^ 32, 2 ^ 53 - 1, 2 ^ 53, -2 ^ 31, 0, 0.1,
    1e-300, 1.7976931348623157e308, 12.345678901234567 }
  local samples = {}
  for i, value in ipairs(values) do samples[i] = sample { round = i, value = value } end
  lu.assertEquals(self.store:import(small(samples)), #values)
  self:reopen()
  local series = self.store:series()
  lu.assertEquals(#series, 1)
  local run = self.store:runs()[1]
  lu.assertEquals(self.store:values(series[1].id), { [run.id] = values })
end

function storing:testARunComesBackWithWhatItWas()
  local run = synthetic.run { rounds = 2, commit = "abc1234", started = "2001-02-03T04:05:06Z" }
  lu.assertEquals(self.store:import(run), #run.samples)
  local stored = self.store:runs()[1]
  stored.id = nil
  lu.assertEquals(stored, { name = run.meta.id, machine = run.meta.fingerprint.key,
    build_type = "Release", status = "complete", started = "2001-02-03T04:05:06Z",
    profile = "smoke", revision = "abc1234", rounds_done = 2, reference = run.meta.reference })
end

function storing:testEverySampleOfARunComesBack()
  local run = synthetic.run { rounds = 3 }
  assert(self.store:import(run))
  local stored, id = {}, self.store:runs()[1].id
  for _, series in ipairs(self.store:series()) do
    local key = table.concat({ series.caller, series.workload, series.params, series.strategy,
      series.metric }, " ")
    stored[key] = self.store:values(series.id)[id]
  end
  for _, one in ipairs(run.samples) do
    local key = table.concat({ one.caller, one.workload, one.params, one.strategy, one.metric },
      " ")
    lu.assertEquals(stored[key][one.round], one.value)
  end
end

function storing:testImportingAgainChangesNothing()
  local run = synthetic.run { rounds = 2 }
  assert(self.store:import(run))
  assert(self.store:import(synthetic.run { rounds = 2, id = "other" }))
  lu.assertEquals(self.store:import(run), #run.samples)
  lu.assertEquals(#self.store:runs(), 2)
  lu.assertEquals(self:sql("SELECT count(*) FROM sample")[1], 2 * #run.samples)
end

function storing:testImportingALongerVersionOfARunReplacesIt()
  assert(self.store:import(synthetic.run { rounds = 1 }))
  local longer = synthetic.run { rounds = 3 }
  assert(self.store:import(longer))
  lu.assertEquals(self.store:runs()[1].rounds_done, 3)
  lu.assertEquals(self:sql("SELECT count(*) FROM sample")[1], #longer.samples)
end

function storing:testARefusedRunLeavesNothingBehind()
  local nul = small { sample(), sample { round = 2, strategy = "heap:\0native" } }
  local refused = {
    { small { sample { value = 0 / 0 } }, "finite" },
    { small { sample { value = 1 / 0 } }, "finite" },
    { small { sample(), sample() }, "UNIQUE" },
    { small { sample { round = 0 } }, "CHECK" },
    { nul, "NUL" },
  }
  for _, case in ipairs(refused) do
    local ok, message = self.store:import(case[1])
    lu.assertNil(ok)
    lu.assertStrContains(message, case[2])
    lu.assertNotStrContains(message, "\n")
  end
  lu.assertEquals(self.store:runs(), {})
  lu.assertEquals(self.store:series(), {})
end

function storing:testTextIsDataWhateverItHolds()
  local names = { "\"; DROP TABLE sample; --", "'; DROP TABLE run; --", "</script>", "a\nb\tc",
    "\255\254", "" }
  local samples = {}
  for i, name in ipairs(names) do samples[i] = sample { params = name, value = i } end
  assert(self.store:import(small(samples)))
  local found = {}
  for _, series in ipairs(self.store:series()) do
    found[series.params] = select(2, next(self.store:values(series.id)))[1]
  end
  for i, name in ipairs(names) do lu.assertEquals(found[name], i) end
end

function storing:testTheFileIsInWriteAheadMode()
  lu.assertEquals(self:sql("PRAGMA journal_mode")[1], "wal")
  lu.assertEquals(self:sql("PRAGMA user_version")[1], store.SCHEMA)
end

function storing:testANewerSchemaIsRefusedInOneLine()
  self:sql("PRAGMA user_version = 99")
  local opened, message = store.open(self.path)
  lu.assertNil(opened)
  lu.assertStrContains(message, "schema 99 was written by a newer heaplab")
  lu.assertStrContains(message, self.path)
end

function storing:testACorruptFileIsRefusedInOneLine()
  local path = self.dir .. "/corrupt.db"
  assert(files.write(path, ("not a database "):rep(1000)))
  local opened, message = store.open(path)
  lu.assertNil(opened)
  lu.assertEquals(message, path .. ": file is not a database")
end

function storing:testAPageDamagedInTheMiddleIsReportedNotSkipped()
  assert(self.store:import(synthetic.run { rounds = 40 }))
  local id = self.store:series()[1].id
  self.store:close()
  local text = assert(files.read(self.path))
  local damaged = text:sub(1, 65536) .. ("\0"):rep(#text - 65536)
  assert(files.write(self.path, damaged))
  self.store = assert(store.open(self.path))
  local failures = 0
  for series = id, id + 300 do
    local values, message = self.store:values(series)
    if not values then
      failures = failures + 1
      lu.assertStrContains(message, "malformed")
    end
  end
  lu.assertTrue(failures > 0)
end

function storing:testAnotherProgramsFileIsLeftAlone()
  local path = self.dir .. "/other.db"
  local connection = assert(DBI.Connect("SQLite3", path))
  connection:autocommit(true)
  assert(assert(connection:prepare("CREATE TABLE theirs (x)")):execute())
  connection:close()
  local opened, message = store.open(path)
  lu.assertNil(opened)
  lu.assertStrContains(message, "another program")
end

function storing:testAnUnusablePathIsOneLine()
  for _, path in ipairs { self.dir .. "/none/history.db", self.dir, "postgresql://host/db" } do
    local opened, message = store.open(path)
    lu.assertNil(opened)
    lu.assertStrContains(message, path)
    lu.assertNotStrContains(message, "\n")
  end
end

os.exit(lu.LuaUnit.run())
