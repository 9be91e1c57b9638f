-- heaplab's store of results, schema 1: SQLite 3.37 or newer (STRICT tables).
--
-- Raw samples only. Whatever judges them (ratios, intervals, change points) is computed from these
-- rows and never stored beside them, so that a better method can be run over old nights.
-- Numbers that may exceed 2^31 are REAL: the Lua driver reads INTEGER columns as 32 bits, and a
-- double holds every whole number up to 2^53.

-- A machine, by the hash over the stable fields of its fingerprint. Times of different machines
-- are never compared.
CREATE TABLE machine (
  key         TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL             -- the fields, as JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  id          INTEGER PRIMARY KEY,
  name        TEXT NOT NULL UNIQUE,     -- the run's folder
  machine     TEXT NOT NULL REFERENCES machine (key),
  build_type  TEXT NOT NULL,
  status      TEXT NOT NULL CHECK (status IN ('complete', 'interrupted', 'failed')),
  started     TEXT NOT NULL,            -- ISO 8601, UTC
  profile     TEXT NOT NULL,
  revision    TEXT NOT NULL,            -- short commit; empty outside a git checkout
  rounds_done INTEGER NOT NULL CHECK (rounds_done >= 0),
  meta        TEXT NOT NULL             -- run.json, whole
) STRICT;

CREATE INDEX run_by_time ON run (machine, build_type, started);

-- The strategy that ratios of a run divide by, for each caller.
CREATE TABLE reference (
  run         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  caller      TEXT NOT NULL,
  strategy    TEXT NOT NULL,
  PRIMARY KEY (run, caller)
) STRICT, WITHOUT ROWID;

-- One case and metric over many runs.
CREATE TABLE series (
  id          INTEGER PRIMARY KEY,
  caller      TEXT NOT NULL,
  workload    TEXT NOT NULL,
  params      TEXT NOT NULL,            -- k=v/k=v…, may be empty
  strategy    TEXT NOT NULL,
  metric      TEXT NOT NULL,
  unit        TEXT NOT NULL,
  UNIQUE (caller, workload, params, strategy, metric, unit)
) STRICT;

CREATE TABLE sample (
  series      INTEGER NOT NULL REFERENCES series (id),
  run         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  round       INTEGER NOT NULL CHECK (round >= 1),
  value       REAL NOT NULL,
  PRIMARY KEY (series, run, round)
) STRICT, WITHOUT ROWID;

CREATE INDEX sample_by_run ON sample (run);

PRAGMA user_version = 1;
