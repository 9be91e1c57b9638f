--- The store: every sample of every run, in one SQLite file (results/schema.sql).
--
-- A run goes in whole or not at all, before anything judges it; importing it again replaces it.
-- The module hides what LuaDBI 0.7.2 does unexpectedly: it reads INTEGER as 32 bits (values are
-- REAL), ends text at a NUL (refused), stores NaN as NULL (refused), and an unread statement keeps
-- its transaction open (each is closed).
-- @module heaplab.store
local cjson = require "cjson"
local DBI = require "DBI"

local files = require "heaplab.files"
local paths = require "heaplab.paths"

local store = {}

--- The schema that this program reads and writes.
store.SCHEMA = 1

local Store = {}
Store.__index = Store

-- What a person can mend travels as an error of this type up to the public function.
local Refusal = {}

local function refuse(format, ...)
  error(setmetatable({ message = format:format(...) }, Refusal), 0)
end

local function guarded(fn, ...)
  local ok, result = pcall(fn, ...)
  if ok then return result end
  if getmetatable(result) == Refusal then return nil, result.message end
  error(result, 0)
end

--- The store's file: the environment's HEAPLAB_DB, or history.db in the results folder.
-- @treturn string
function store.path()
  return os.getenv("HEAPLAB_DB") or paths.results .. "/history.db"
end

local function cause(message)
  return (tostring(message):gsub("^.-failed:? ", ""):gsub("^.-handle: ", ""):gsub("\n", " "))
end

function Store:refuse(message)
  refuse("%s: %s", self.path, cause(message))
end

function Store:prepare(sql)
  local statement, err = self.connection:prepare(sql)
  if not statement then self:refuse(err) end
  return statement
end

function Store:execute(statement, ...)
  local ok, err = statement:execute(...)
  if not ok then self:refuse(err) end
end

function Store:run(sql, ...)
  local statement = self:prepare(sql)
  local ok, err = statement:execute(...)
  statement:close()
  if not ok then self:refuse(err) end
end

-- All rows as arrays. LuaDBI raises when a page turns out damaged half way through.
function Store:query(sql, ...)
  local statement, rows = self:prepare(sql), {}
  self:execute(statement, ...)
  local ok, err = pcall(function()
    for row in statement:rows() do rows[#rows + 1] = { unpack(row) } end
  end)
  statement:close()
  if not ok then self:refuse(err) end
  return rows
end

function Store:transaction(fn, ...)
  self:run("BEGIN IMMEDIATE")
  local ok, result = pcall(fn, ...)
  if ok then
    self:run("COMMIT")
    return result
  end
  -- A full disk has already rolled back: then there is nothing to undo.
  pcall(self.run, self, "ROLLBACK")
  error(result, 0)
end

local function create(self)
  if #self:query("SELECT 1 FROM sqlite_master LIMIT 1") > 0 then
    refuse("%s: this is an SQLite file of another program, not a heaplab store", self.path)
  end
  local text, err = files.read(paths.root .. "/results/schema.sql")
  if not text then refuse("%s", err) end
  for statement in text:gsub("%-%-[^\n]*", ""):gmatch("([^;%s][^;]*);") do self:run(statement) end
end

local function version(self)
  return self:query("PRAGMA user_version")[1][1]
end

-- Another process may be creating the same file: the version counts only inside a transaction.
local function prepare_schema(self)
  if version(self) == 0 then
    self:transaction(function()
      if version(self) == 0 then create(self) end
    end)
  end
  if version(self) ~= store.SCHEMA then
    refuse("%s: schema %d was written by a newer heaplab (this one reads %d): update heaplab",
      self.path, version(self), store.SCHEMA)
  end
end

local function connect(path)
  if path:find("^%w+://") then refuse("HEAPLAB_DB=%s: must be the path of an SQLite file", path) end
  local connection, err = DBI.Connect("SQLite3", path)
  if not connection then refuse("%s: %s", path, cause(err)) end
  connection:autocommit(true) -- transactions are ours, and BEGIN IMMEDIATE
  return setmetatable({ connection = connection, path = path }, Store)
end

local function open(path)
  local self = connect(path)
  local ok, err = pcall(function()
    self:run("PRAGMA busy_timeout = 10000")
    prepare_schema(self)
    self:run("PRAGMA journal_mode = WAL")
    self:run("PRAGMA foreign_keys = ON")
  end)
  if ok then return self end
  self:close()
  error(err, 0)
end

--- Opens the store, creating it if there is none.
-- @tparam ?string path default: @{path}
-- @treturn Store or nil and one line
function store.open(path)
  return guarded(open, path or store.path())
end

--- Closes the file; the store must not be used after this.
function Store:close()
  self.connection:close()
end

local function stored_text(value, what)
  if type(value) ~= "string" then refuse("%s: text expected, got %s", what, type(value)) end
  if value:find("\0", 1, true) then refuse("%s: a NUL cannot be stored", what) end
  return value
end

local function stored_number(value, what)
  if type(value) ~= "number" or value ~= value or math.abs(value) == math.huge then
    refuse("%s: %s is not a finite number", what, tostring(value))
  end
  return value
end

local function stored_json(value, what)
  return stored_text(cjson.encode(value), what)
end

local function insert_machine(self, fingerprint)
  local key = stored_text(fingerprint.key, "fingerprint key")
  self:run("INSERT INTO machine VALUES (?, ?) ON CONFLICT (key) DO NOTHING", key,
    stored_json(fingerprint, "fingerprint"))
  return key
end

local RUN_FIELDS = { "id", "build_type", "status", "started", "profile" }

local function insert_run(self, meta)
  local machine = insert_machine(self, meta.fingerprint)
  local text = {}
  for _, name in ipairs(RUN_FIELDS) do text[name] = stored_text(meta[name], "run." .. name) end
  local revision = type(meta.commit) == "string" and meta.commit or ""
  self:run("DELETE FROM run WHERE name = ?", text.id)
  self:run([[INSERT INTO run (name, machine, build_type, status, started, profile, revision,
    rounds_done, meta) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)]], text.id, machine, text.build_type,
    text.status, text.started, text.profile, stored_text(revision, "run.commit"),
    stored_number(meta.rounds_done, "run.rounds_done"), stored_json(meta, "run.json"))
  return self:query("SELECT id FROM run WHERE name = ?", text.id)[1][1]
end

local function insert_references(self, run, reference)
  for caller, strategy in pairs(reference) do
    self:run("INSERT INTO reference VALUES (?, ?, ?)", run, stored_text(caller, "caller"),
      stored_text(strategy, "reference strategy"))
  end
end

local SERIES_FIELDS = { "caller", "workload", "params", "strategy", "metric", "unit" }

-- Finds or makes the id of a sample's series; each is looked up once per import.
local function series_ids(self)
  local known = {}
  return function(sample)
    local values = {}
    for i, name in ipairs(SERIES_FIELDS) do values[i] = stored_text(sample[name], name) end
    local key = table.concat(values, "\0")
    if not known[key] then
      self:run([[INSERT INTO series (caller, workload, params, strategy, metric, unit)
        VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING]], unpack(values))
      known[key] = self:query([[SELECT id FROM series WHERE caller = ? AND workload = ? AND
        params = ? AND strategy = ? AND metric = ? AND unit = ?]], unpack(values))[1][1]
    end
    return known[key]
  end
end

local function insert_samples(self, run, samples)
  local series_of = series_ids(self)
  local insert = self:prepare("INSERT INTO sample (series, run, round, value) VALUES (?, ?, ?, ?)")
  for i, sample in ipairs(samples) do
    local what = "sample " .. i
    self:execute(insert, series_of(sample), run, stored_number(sample.round, what),
      stored_number(sample.value, what))
  end
  insert:close()
end

--- Puts a run's raw samples into this store in one transaction, replacing an older import of it.
-- @tparam table run as `heaplab.runs.load` returns it
-- @return number of samples, or nil and one line
function Store:import(run)
  return guarded(self.transaction, self, function()
    local id = insert_run(self, run.meta)
    insert_references(self, id, run.meta.reference)
    insert_samples(self, id, run.samples)
    return #run.samples
  end)
end

--- Whether the store can be used, for those who will need it after an hour of measuring. One that
-- is still to be made in the results folder can.
-- @return true, or nil and one line
function store.check()
  if not os.getenv("HEAPLAB_DB") and not files.exists(store.path()) then return true end
  local self, err = store.open()
  if not self then return nil, err end
  self:close()
  return true
end

--- Puts a run into the store at @{path}.
-- @tparam table run as `heaplab.runs.load` returns it
-- @return number of samples, or nil and one line
function store.import(run)
  local self, err = store.open()
  if not self then return nil, err end
  local count, import_err = self:import(run)
  self:close()
  return count, import_err
end

local function records(rows, names)
  for i, row in ipairs(rows) do
    local record = {}
    for column, name in ipairs(names) do record[name] = row[column] end
    rows[i] = record
  end
  return rows
end

local function references(self)
  local by_run = {}
  for _, row in ipairs(self:query("SELECT run, caller, strategy FROM reference")) do
    by_run[row[1]] = by_run[row[1]] or {}
    by_run[row[1]][row[2]] = row[3]
  end
  return by_run
end

local RUN_COLUMNS = { "id", "name", "machine", "build_type", "status", "started", "profile",
  "revision", "rounds_done" }

--- All runs, oldest first.
-- @return array of `{ id, name, machine, build_type, status, started, profile, revision,
-- rounds_done, reference = { caller -> strategy } }`, or nil and one line
function Store:runs()
  return guarded(function()
    local runs = records(self:query("SELECT " .. table.concat(RUN_COLUMNS, ", ")
      .. " FROM run ORDER BY started, name"), RUN_COLUMNS)
    local by_run = references(self)
    for _, run in ipairs(runs) do run.reference = by_run[run.id] or {} end
    return runs
  end)
end

local SERIES_COLUMNS = { "id", "caller", "workload", "params", "strategy", "metric", "unit" }

--- All series that have samples, ordered by caller, workload, parameters, strategy and metric.
-- @return array of `{ id, caller, workload, params, strategy, metric, unit }`, or nil and one line
function Store:series()
  return guarded(function()
    return records(self:query("SELECT " .. table.concat(SERIES_COLUMNS, ", ") .. [[ FROM series
      WHERE EXISTS (SELECT 1 FROM sample WHERE series = series.id)
      ORDER BY caller, workload, params, strategy, metric, unit]]), SERIES_COLUMNS)
  end)
end

--- The values of a series.
-- @tparam number series its id
-- @return table run id -> round -> value, or nil and one line
function Store:values(series)
  return guarded(function()
    local values = {}
    local rows = self:query("SELECT run, round, value FROM sample WHERE series = ?", series)
    for _, row in ipairs(rows) do
      values[row[1]] = values[row[1]] or {}
      values[row[1]][row[2]] = row[3]
    end
    return values
  end)
end

local SAMPLE_COLUMNS = { "round", "caller", "workload", "params", "strategy", "metric", "value",
  "unit" }

--- A run's samples of one metric, as `heaplab.case_index.of` takes them.
-- @tparam number run its id
-- @string metric
-- @return array of `{ round, caller, workload, params, strategy, metric, value, unit }`, or nil and
-- one line
function Store:samples(run, metric)
  return guarded(function()
    return records(self:query([[SELECT round, caller, workload, params, strategy, metric, value,
      unit FROM sample JOIN series ON series.id = sample.series
      WHERE sample.run = ? AND metric = ?]], run, metric), SAMPLE_COLUMNS)
  end)
end

return store
