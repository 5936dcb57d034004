-- As in PostgreSQL.
CREATE TABLE workflow_limits (
  namespace_id  TEXT NOT NULL,
  workflow_type TEXT NOT NULL,
  declared      TEXT,
  override      TEXT,
  PRIMARY KEY (namespace_id, workflow_type)
) STRICT, WITHOUT ROWID;

-- A run of a workflow that has limits knows its values of the fields that they name, and while it is ready, the line
-- that it waits in for its turn.
ALTER TABLE runs ADD COLUMN limit_key TEXT;
ALTER TABLE runs ADD COLUMN throttle_key TEXT;
ALTER TABLE runs ADD COLUMN lane TEXT CHECK (lane IS NULL OR (available_at IS NOT NULL AND limit_key IS NOT NULL));

-- The lines that runs wait in, each with when its turn is: one row for all the runs of a key, however many they are.
CREATE TABLE lanes (
  namespace_id  TEXT NOT NULL,
  -- All of what follows that tells runs apart, in one text.
  lane          TEXT NOT NULL,
  task_queue    TEXT NOT NULL,
  workflow_type TEXT NOT NULL,
  version       TEXT NOT NULL,
  limit_key     TEXT NOT NULL,
  -- NULL where no throttle holds the runs back.
  throttle_key  TEXT,
  -- The highest of its runs.
  priority      INTEGER NOT NULL,
  ready_at      INTEGER NOT NULL,
  PRIMARY KEY (namespace_id, lane)
) STRICT, WITHOUT ROWID;

CREATE INDEX lanes_in_turn ON lanes (namespace_id, workflow_type, task_queue, version, priority DESC, ready_at);

-- What is in a line is found by its line.
DROP INDEX runs_claimable;
CREATE INDEX runs_claimable ON runs
  (namespace_id, task_queue, workflow_type, version, priority DESC, available_at)
  WHERE available_at IS NOT NULL AND lane IS NULL;

CREATE INDEX runs_in_line ON runs (namespace_id, lane, priority DESC, available_at) WHERE lane IS NOT NULL;

-- Runs that hold a place: slots are counted here, from the leases, and nowhere else.
CREATE INDEX runs_in_place ON runs (namespace_id, workflow_type, limit_key)
  WHERE claimed_at IS NOT NULL AND limit_key IS NOT NULL;

-- Runs that have begun, for throttles.
CREATE INDEX runs_begun ON runs (namespace_id, workflow_type, throttle_key, started_at)
  WHERE throttle_key IS NOT NULL AND started_at IS NOT NULL;

-- Named limits, which steps ask for a slot of.
CREATE TABLE step_limits (
  namespace_id TEXT NOT NULL,
  name         TEXT NOT NULL,
  declared     TEXT,
  override     TEXT,
  PRIMARY KEY (namespace_id, name)
) STRICT, WITHOUT ROWID;

-- Slots that were given out. One is held until it is released, or the lease of its run ends; it is kept as long as a
-- throttle counts it.
CREATE TABLE slots (
  namespace_id TEXT NOT NULL,
  name         TEXT NOT NULL,
  slot_id      TEXT NOT NULL,
  run_id       TEXT NOT NULL,
  step         TEXT NOT NULL,
  epoch        INTEGER NOT NULL,
  acquired_at  INTEGER NOT NULL,
  released_at  INTEGER,
  PRIMARY KEY (namespace_id, name, slot_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX slots_held ON slots (namespace_id, name, run_id, step) WHERE released_at IS NULL;

CREATE INDEX slots_by_time ON slots (namespace_id, name, acquired_at);

-- Steps that wait for a slot, in line.
CREATE TABLE slot_waits (
  namespace_id TEXT NOT NULL,
  name         TEXT NOT NULL,
  run_id       TEXT NOT NULL,
  step         TEXT NOT NULL,
  priority     INTEGER NOT NULL,
  since        INTEGER NOT NULL,
  -- When its run was called because there was room.
  called_at    INTEGER,
  PRIMARY KEY (namespace_id, name, run_id, step)
) STRICT, WITHOUT ROWID;

CREATE INDEX slot_waits_in_line ON slot_waits (namespace_id, name, priority DESC, since);

CREATE INDEX slot_waits_by_run ON slot_waits (namespace_id, run_id);
