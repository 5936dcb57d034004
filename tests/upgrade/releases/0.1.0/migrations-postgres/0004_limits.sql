-- What is said of a workflow's limits: by its code, and by operators, whose word goes first.
CREATE TABLE :"schema".workflow_limits (
  namespace_id  text COLLATE "C" NOT NULL,
  workflow_type text COLLATE "C" NOT NULL,
  declared      text,
  override      text,
  PRIMARY KEY (namespace_id, workflow_type)
);

-- A run of a workflow that has limits knows its values of the fields that they name, and while it is ready, the line
-- that it waits in for its turn.
ALTER TABLE :"schema".runs
  ADD COLUMN limit_key    text COLLATE "C",
  ADD COLUMN throttle_key text COLLATE "C",
  ADD COLUMN lane         text COLLATE "C",
  ADD CONSTRAINT runs_in_line_if_ready CHECK (lane IS NULL OR (available_at IS NOT NULL AND limit_key IS NOT NULL));

-- The lines that runs wait in, each with when its turn is: one row for all the runs of a key, however many they are.
CREATE TABLE :"schema".lanes (
  namespace_id  text COLLATE "C" NOT NULL,
  -- All of what follows that tells runs apart, in one text.
  lane          text COLLATE "C" NOT NULL,
  task_queue    text COLLATE "C" NOT NULL,
  workflow_type text COLLATE "C" NOT NULL,
  version       text COLLATE "C" NOT NULL,
  limit_key     text COLLATE "C" NOT NULL,
  -- NULL where no throttle holds the runs back.
  throttle_key  text COLLATE "C",
  -- The highest of its runs.
  priority      smallint NOT NULL,
  ready_at      timestamptz NOT NULL,
  PRIMARY KEY (namespace_id, lane)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

CREATE INDEX lanes_in_turn ON :"schema".lanes
  (namespace_id, workflow_type, task_queue, version, priority DESC, ready_at);

-- What is in a line is found by its line.
DROP INDEX :"schema".runs_claimable;
CREATE INDEX runs_claimable ON :"schema".runs
  (namespace_id, task_queue, workflow_type, version, priority DESC, available_at)
  WHERE available_at IS NOT NULL AND lane IS NULL;

CREATE INDEX runs_in_line ON :"schema".runs (namespace_id, lane, priority DESC, available_at) WHERE lane IS NOT NULL;

-- Runs that hold a place: slots are counted here, from the leases, and nowhere else.
CREATE INDEX runs_in_place ON :"schema".runs (namespace_id, workflow_type, limit_key)
  WHERE claimed_at IS NOT NULL AND limit_key IS NOT NULL;

-- Runs that have begun, for throttles.
CREATE INDEX runs_begun ON :"schema".runs (namespace_id, workflow_type, throttle_key, started_at)
  WHERE throttle_key IS NOT NULL AND started_at IS NOT NULL;

-- Named limits, which steps ask for a slot of.
CREATE TABLE :"schema".step_limits (
  namespace_id text COLLATE "C" NOT NULL,
  name         text COLLATE "C" NOT NULL,
  declared     text,
  override     text,
  PRIMARY KEY (namespace_id, name)
);

-- Slots that were given out. One is held until it is released, or the lease of its run ends; it is kept as long as a
-- throttle counts it.
CREATE TABLE :"schema".slots (
  namespace_id text COLLATE "C" NOT NULL,
  name         text COLLATE "C" NOT NULL,
  slot_id      uuid NOT NULL,
  run_id       uuid NOT NULL,
  step         text COLLATE "C" NOT NULL,
  epoch        integer NOT NULL,
  acquired_at  timestamptz NOT NULL,
  released_at  timestamptz,
  PRIMARY KEY (namespace_id, name, slot_id)
);

CREATE INDEX slots_held ON :"schema".slots (namespace_id, name, run_id, step) WHERE released_at IS NULL;

CREATE INDEX slots_by_time ON :"schema".slots (namespace_id, name, acquired_at);

-- Steps that wait for a slot, in line.
CREATE TABLE :"schema".slot_waits (
  namespace_id text COLLATE "C" NOT NULL,
  name         text COLLATE "C" NOT NULL,
  run_id       uuid NOT NULL,
  step         text COLLATE "C" NOT NULL,
  priority     smallint NOT NULL,
  since        timestamptz NOT NULL,
  -- When its run was called because there was room.
  called_at    timestamptz,
  PRIMARY KEY (namespace_id, name, run_id, step)
);

CREATE INDEX slot_waits_in_line ON :"schema".slot_waits (namespace_id, name, priority DESC, since);

CREATE INDEX slot_waits_by_run ON :"schema".slot_waits (namespace_id, run_id);
