-- :"schema" is the schema's name, quoted as psql quotes a variable of that name.

CREATE TABLE :"schema".namespaces (
  namespace_id text COLLATE "C" PRIMARY KEY,
  description  text NOT NULL,
  enabled      boolean NOT NULL,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL
);

INSERT INTO :"schema".namespaces
VALUES ('default', 'Where everything goes that names no other namespace.', true,
        date_trunc('milliseconds', now()), date_trunc('milliseconds', now()));

-- One row a run, without its payloads: what changes here is small, and what is large never changes.
CREATE TABLE :"schema".runs (
  namespace_id  text COLLATE "C" NOT NULL,
  run_id        uuid NOT NULL,
  external_id   text COLLATE "C",
  task_queue    text COLLATE "C" NOT NULL,
  workflow_type text COLLATE "C" NOT NULL,
  version       text COLLATE "C" NOT NULL,
  status        text COLLATE "C" NOT NULL,
  priority      smallint NOT NULL,
  attempt       integer NOT NULL CHECK (attempt >= 1),
  epoch         integer NOT NULL CHECK (epoch >= 0),
  crashes       integer NOT NULL CHECK (crashes >= 0),
  retry_policy  text,
  -- Who holds the run, or held it last.
  worker_id     uuid,
  -- The earliest moment at which the run may be claimed, and nothing else.
  available_at  timestamptz,
  claimed_at    timestamptz,
  -- How many records the history had at the last claim.
  claimed_seq   integer NOT NULL,
  created_at    timestamptz NOT NULL,
  started_at    timestamptz,
  finished_at   timestamptz,
  -- Before the first claim: when that must have been; then the first claim and timeout_ms.
  deadline_at   timestamptz,
  timeout_ms    bigint,
  parent_run_id uuid,
  parent_step   text,
  -- The parent waits for the result, and the run does not outlive it.
  awaited       boolean NOT NULL DEFAULT false,
  -- The run that the parent started, where that has gone on as this one.
  started_as    uuid,
  continued_from uuid,
  rerun_of      uuid,
  -- How often somebody had something for the run, and how often whoever holds it has heard of that.
  signals       integer NOT NULL DEFAULT 0 CHECK (signals >= 0),
  signals_heard integer NOT NULL DEFAULT 0,
  -- Somebody asked for the cancellation.
  cancel_error  text,
  -- Why the run is paused, or is to be when its worker gives it back.
  pause_error   text,
  -- The run was ended from outside, and its children are to be cancelled.
  closing       boolean NOT NULL DEFAULT false,
  PRIMARY KEY (namespace_id, run_id),
  CONSTRAINT runs_status_known CHECK (status IN
    ('pending', 'running', 'sleeping', 'waiting', 'paused', 'completed', 'failed', 'cancelled')),
  CONSTRAINT runs_lease_iff_running CHECK
    ((status = 'running') = (claimed_at IS NOT NULL) AND (status <> 'running' OR worker_id IS NOT NULL)),
  CONSTRAINT runs_available_iff_claimable CHECK
    (CASE WHEN status IN ('pending', 'sleeping') THEN available_at IS NOT NULL
          WHEN status = 'waiting' THEN true
          ELSE available_at IS NULL END),
  CONSTRAINT runs_finished_iff_terminal CHECK
    ((status IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
  CONSTRAINT runs_reason_if_paused CHECK
    (CASE WHEN status = 'paused' THEN pause_error IS NOT NULL
          WHEN status <> 'running' THEN pause_error IS NULL
          ELSE true END),
  CONSTRAINT runs_child_has_step CHECK ((parent_run_id IS NULL) = (parent_step IS NULL)),
  CONSTRAINT runs_awaited_has_parent CHECK (NOT awaited OR parent_run_id IS NOT NULL),
  CONSTRAINT runs_times_in_order CHECK (created_at <= started_at AND created_at <= finished_at)
) WITH (
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.02
);

-- What can be claimed, in the order in which it is. Runs that are held, paused or over are not in it.
CREATE INDEX runs_claimable ON :"schema".runs
  (namespace_id, task_queue, workflow_type, version, priority DESC, available_at)
  WHERE available_at IS NOT NULL;

-- What a worker holds.
CREATE INDEX runs_leased ON :"schema".runs (namespace_id, worker_id) WHERE status = 'running';

-- Lists by status. Most runs have completed, so a list of those needs no index beside the primary key.
CREATE INDEX runs_by_status ON :"schema".runs (namespace_id, status, run_id) WHERE status <> 'completed';

-- Runs that are held and have something that their worker was not told of.
CREATE INDEX runs_signalled ON :"schema".runs (namespace_id, worker_id)
  WHERE claimed_at IS NOT NULL AND signals > signals_heard;

CREATE INDEX runs_by_parent ON :"schema".runs (namespace_id, parent_run_id, run_id) WHERE parent_run_id IS NOT NULL;

CREATE INDEX runs_closing ON :"schema".runs (namespace_id, run_id) WHERE closing;

CREATE INDEX runs_by_deadline ON :"schema".runs (deadline_at)
  WHERE deadline_at IS NOT NULL AND finished_at IS NULL;

-- Idempotency keys, apart from the runs so that the runs' own key can lead with what spreads.
CREATE TABLE :"schema".run_keys (
  namespace_id text COLLATE "C" NOT NULL,
  external_id  text COLLATE "C" NOT NULL,
  run_id       uuid NOT NULL,
  -- Of the workflow and the input: a second start must have the same.
  fingerprint  text COLLATE "C" NOT NULL,
  PRIMARY KEY (namespace_id, external_id)
);

-- What happened in each run, in order. Rows are added by whoever holds the run, and never changed.
CREATE TABLE :"schema".history (
  namespace_id     text COLLATE "C" NOT NULL,
  run_id           uuid NOT NULL,
  seq              integer NOT NULL CHECK (seq >= 1),
  epoch            integer NOT NULL CHECK (epoch >= 0),
  kind             text COLLATE "C" NOT NULL CHECK (kind IN ('run', 'function', 'sleep', 'event', 'child')),
  type             text COLLATE "C" NOT NULL CHECK (type IN
    ('started', 'retrying', 'cancelling', 'completed', 'failed', 'cancelled')),
  name             text COLLATE "C" NOT NULL,
  occurrence       integer NOT NULL CHECK (occurrence >= 1),
  attempt          integer NOT NULL CHECK (attempt >= 1),
  recorded_at      timestamptz NOT NULL,
  observed_at      timestamptz NOT NULL,
  due_at           timestamptz,
  duration_ms      bigint,
  payload          bytea,
  -- NULL beside a payload means JSON and nothing else.
  payload_metadata text,
  input            bytea,
  input_metadata   text,
  error            text,
  -- Of a child: its run. Of a run that has ended to go on as another one: that one.
  child_run_id     uuid,
  PRIMARY KEY (namespace_id, run_id, seq),
  CONSTRAINT history_run_has_no_name CHECK ((kind = 'run') = (name = '')),
  CONSTRAINT history_error_iff_failure CHECK 
    ((type IN ('retrying', 'cancelling', 'failed', 'cancelled')) = (error IS NOT NULL)),
  CONSTRAINT history_due_iff_waiting CHECK
    (CASE WHEN type = 'retrying' OR (type = 'started' AND kind = 'sleep') THEN due_at IS NOT NULL
          WHEN type = 'started' AND kind = 'event' THEN true
          ELSE due_at IS NULL END)
);

-- What was brought to each run from outside, until the code takes it: then its content is in the history.
CREATE TABLE :"schema".inbox (
  namespace_id     text COLLATE "C" NOT NULL,
  run_id           uuid NOT NULL,
  -- The run's count of signals at that time.
  position         integer NOT NULL,
  kind             text COLLATE "C" NOT NULL CHECK (kind IN ('event', 'child')),
  name             text COLLATE "C" NOT NULL,
  key              text COLLATE "C",
  -- A second message of this id is the first one, sent again.
  message_id       text COLLATE "C" NOT NULL,
  child_run_id     uuid,
  payload          bytea,
  payload_metadata text,
  error            text,
  received_at      timestamptz NOT NULL,
  -- The record that holds what the code took.
  taken_seq        integer,
  PRIMARY KEY (namespace_id, run_id, position),
  CONSTRAINT inbox_child_iff_of_child CHECK ((kind = 'child') = (child_run_id IS NOT NULL))
);

CREATE UNIQUE INDEX inbox_by_message ON :"schema".inbox (namespace_id, run_id, message_id);

-- How far runs say that they are, and what they are doing.
CREATE TABLE :"schema".run_progress (
  namespace_id     text COLLATE "C" NOT NULL,
  run_id           uuid NOT NULL,
  payload          bytea,
  payload_metadata text,
  -- What their workers say that they are busy with.
  activity         text,
  updated_at       timestamptz NOT NULL,
  PRIMARY KEY (namespace_id, run_id)
) WITH (fillfactor = 50);

CREATE TABLE :"schema".workers (
  namespace_id              text COLLATE "C" NOT NULL,
  worker_id                 uuid NOT NULL,
  task_queue                text COLLATE "C" NOT NULL,
  status                    text COLLATE "C" NOT NULL CHECK (status IN ('online', 'draining', 'offline')),
  workflows                 text NOT NULL,
  max_concurrent            integer NOT NULL,
  hostname                  text NOT NULL,
  pid                       integer NOT NULL,
  version                   text NOT NULL,
  labels                    text NOT NULL,
  queue_concurrency_limit   integer,
  workflow_type_concurrency text NOT NULL,
  active_count              integer NOT NULL,
  total_completed           bigint NOT NULL,
  total_failed              bigint NOT NULL,
  registered_at             timestamptz NOT NULL,
  last_heartbeat_at         timestamptz NOT NULL,
  -- All leases of the worker end here: one heartbeat renews them with one row.
  lease_expires_at          timestamptz NOT NULL,
  PRIMARY KEY (namespace_id, worker_id)
) WITH (fillfactor = 50);

CREATE INDEX workers_by_lease ON :"schema".workers (lease_expires_at) WHERE status <> 'offline';

-- Which versions of a workflow there are: a new run takes the highest.
CREATE TABLE :"schema".workflow_versions (
  namespace_id  text COLLATE "C" NOT NULL,
  workflow_type text COLLATE "C" NOT NULL,
  version       text COLLATE "C" NOT NULL,
  registered_at timestamptz NOT NULL,
  PRIMARY KEY (namespace_id, workflow_type, version)
);

-- Which version new runs take, where that is not the highest.
CREATE TABLE :"schema".workflow_defaults (
  namespace_id  text COLLATE "C" NOT NULL,
  workflow_type text COLLATE "C" NOT NULL,
  version       text COLLATE "C" NOT NULL,
  PRIMARY KEY (namespace_id, workflow_type)
);
