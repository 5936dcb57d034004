-- Rules that start runs at times.
CREATE TABLE :"schema".schedules (
  namespace_id   text COLLATE "C" NOT NULL,
  schedule_id    text COLLATE "C" NOT NULL,
  task_queue     text COLLATE "C" NOT NULL,
  workflow_type  text COLLATE "C" NOT NULL,
  -- NULL: the version that new runs take.
  version        text COLLATE "C",
  cron           text,
  timezone       text,
  every_ms       bigint CHECK (every_ms >= 1000),
  at             timestamptz,
  input          bytea,
  input_metadata text,
  enabled        boolean NOT NULL,
  max_catchup    integer NOT NULL CHECK (max_catchup >= 0),
  overlap        text COLLATE "C" NOT NULL CHECK (overlap IN ('skip', 'allow', 'bufferOne')),
  -- The first slot after the watermark; NULL: there is none any more.
  next_fire_at   timestamptz,
  -- When the scheduler looks at it next: at the next fire, or sooner or later where there is a reason.
  due_at         timestamptz,
  -- All slots up to here are decided.
  watermark      timestamptz NOT NULL,
  -- The slot that waits for the run before it to end.
  buffered_at    timestamptz,
  last_fired_at  timestamptz,
  fired          bigint NOT NULL CHECK (fired >= 0),
  missed         bigint NOT NULL CHECK (missed >= 0),
  skipped        bigint NOT NULL CHECK (skipped >= 0),
  revision       integer NOT NULL,
  -- The workflow in whose code it stands; NULL: it was made by a call.
  declared_by    text COLLATE "C",
  problem        text,
  created_at     timestamptz NOT NULL,
  updated_at     timestamptz NOT NULL,
  PRIMARY KEY (namespace_id, schedule_id),
  CONSTRAINT schedules_one_timing CHECK
    ((cron IS NOT NULL)::int + (every_ms IS NOT NULL)::int + (at IS NOT NULL)::int = 1),
  CONSTRAINT schedules_cron_has_timezone CHECK ((cron IS NULL) = (timezone IS NULL)),
  CONSTRAINT schedules_due_if_enabled CHECK
    (CASE WHEN enabled THEN (due_at IS NULL) = (next_fire_at IS NULL AND buffered_at IS NULL) ELSE due_at IS NULL END)
) WITH (fillfactor = 70);

-- What the scheduler has to look at, and nothing else.
CREATE INDEX schedules_due ON :"schema".schedules (due_at) WHERE due_at IS NOT NULL;

CREATE INDEX schedules_by_workflow ON :"schema".schedules (namespace_id, workflow_type, schedule_id);

CREATE INDEX schedules_declared ON :"schema".schedules (namespace_id, declared_by) WHERE declared_by IS NOT NULL;

ALTER TABLE :"schema".runs
  ADD COLUMN schedule_id text COLLATE "C",
  -- The slot; NULL where the schedule was triggered.
  ADD COLUMN scheduled_at timestamptz,
  ADD CONSTRAINT runs_slot_has_schedule CHECK (scheduled_at IS NULL OR schedule_id IS NOT NULL);

-- One run for each slot, whatever happens.
CREATE UNIQUE INDEX runs_by_slot ON :"schema".runs (namespace_id, schedule_id, scheduled_at)
  WHERE scheduled_at IS NOT NULL;

-- Whether a run of a schedule has not ended.
CREATE INDEX runs_open_of_schedule ON :"schema".runs (namespace_id, schedule_id)
  WHERE schedule_id IS NOT NULL AND finished_at IS NULL;
