-- Rules that start runs at times.
CREATE TABLE schedules (
  namespace_id   TEXT NOT NULL,
  schedule_id    TEXT NOT NULL,
  task_queue     TEXT NOT NULL,
  workflow_type  TEXT NOT NULL,
  -- NULL: the version that new runs take.
  version        TEXT,
  cron           TEXT,
  timezone       TEXT,
  every_ms       INTEGER CHECK (every_ms >= 1000),
  at             INTEGER,
  input          BLOB,
  input_metadata TEXT,
  enabled        INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  max_catchup    INTEGER NOT NULL CHECK (max_catchup >= 0),
  overlap        TEXT NOT NULL CHECK (overlap IN ('skip', 'allow', 'bufferOne')),
  -- The first slot after the watermark; NULL: there is none any more.
  next_fire_at   INTEGER,
  -- When the scheduler looks at it next: at the next fire, or sooner or later where there is a reason.
  due_at         INTEGER,
  -- All slots up to here are decided.
  watermark      INTEGER NOT NULL,
  -- The slot that waits for the run before it to end.
  buffered_at    INTEGER,
  last_fired_at  INTEGER,
  fired          INTEGER NOT NULL CHECK (fired >= 0),
  missed         INTEGER NOT NULL CHECK (missed >= 0),
  skipped        INTEGER NOT NULL CHECK (skipped >= 0),
  revision       INTEGER NOT NULL,
  -- The workflow in whose code it stands; NULL: it was made by a call.
  declared_by    TEXT,
  problem        TEXT,
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  PRIMARY KEY (namespace_id, schedule_id),
  CONSTRAINT schedules_one_timing CHECK
    ((cron IS NOT NULL) + (every_ms IS NOT NULL) + (at IS NOT NULL) = 1),
  CONSTRAINT schedules_cron_has_timezone CHECK ((cron IS NULL) = (timezone IS NULL)),
  CONSTRAINT schedules_due_if_enabled CHECK
    (CASE WHEN enabled THEN (due_at IS NULL) = (next_fire_at IS NULL AND buffered_at IS NULL) ELSE due_at IS NULL END)
) STRICT, WITHOUT ROWID;

-- What the scheduler has to look at, and nothing else.
CREATE INDEX schedules_due ON schedules (due_at) WHERE due_at IS NOT NULL;

CREATE INDEX schedules_by_workflow ON schedules (namespace_id, workflow_type, schedule_id);

CREATE INDEX schedules_declared ON schedules (namespace_id, declared_by) WHERE declared_by IS NOT NULL;

ALTER TABLE runs ADD COLUMN schedule_id TEXT;
-- The slot; NULL where the schedule was triggered.
ALTER TABLE runs ADD COLUMN scheduled_at INTEGER CHECK (scheduled_at IS NULL OR schedule_id IS NOT NULL);

-- One run for each slot, whatever happens.
CREATE UNIQUE INDEX runs_by_slot ON runs (namespace_id, schedule_id, scheduled_at) WHERE scheduled_at IS NOT NULL;

-- Whether a run of a schedule has not ended.
CREATE INDEX runs_open_of_schedule ON runs (namespace_id, schedule_id)
  WHERE schedule_id IS NOT NULL AND finished_at IS NULL;
