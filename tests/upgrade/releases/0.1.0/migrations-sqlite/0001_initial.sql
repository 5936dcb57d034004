-- As in PostgreSQL, but for what SQLite does differently: times are milliseconds since 1970, ids and JSON are text,
-- tables are STRICT so that a column holds its type, and rows live in their primary key (WITHOUT ROWID).

CREATE TABLE namespaces (
  namespace_id TEXT PRIMARY KEY,
  description  TEXT NOT NULL,
  enabled      INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO namespaces
VALUES ('default', 'Where everything goes that names no other namespace.', 1,
        unixepoch() * 1000, unixepoch() * 1000);

-- One row a run, without its payloads: what changes here is small, and what is large never changes.
CREATE TABLE runs (
  namespace_id  TEXT NOT NULL,
  run_id        TEXT NOT NULL,
  external_id   TEXT,
  task_queue    TEXT NOT NULL,
  workflow_type TEXT NOT NULL,
  version       TEXT NOT NULL,
  status        TEXT NOT NULL,
  priority      INTEGER NOT NULL,
  attempt       INTEGER NOT NULL CHECK (attempt >= 1),
  epoch         INTEGER NOT NULL CHECK (epoch >= 0),
  crashes       INTEGER NOT NULL CHECK (crashes >= 0),
  retry_policy  TEXT,
  -- Who holds the run, or held it last.
  worker_id     TEXT,
  -- The earliest moment at which the run may be claimed, and nothing else.
  available_at  INTEGER,
  claimed_at    INTEGER,
  -- How many records the history had at the last claim.
  claimed_seq   INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  started_at    INTEGER,
  finished_at   INTEGER,
  -- Before the first claim: when that must have been; then the first claim and timeout_ms.
  deadline_at   INTEGER,
  timeout_ms    INTEGER,
  parent_run_id TEXT,
  parent_step   TEXT,
  -- The parent waits for the result, and the run does not outlive it.
  awaited       INTEGER NOT NULL DEFAULT 0,
  -- The run that the parent started, where that has gone on as this one.
  started_as    TEXT,
  continued_from TEXT,
  rerun_of      TEXT,
  -- How often somebody had something for the run, and how often whoever holds it has heard of that.
  signals       INTEGER NOT NULL DEFAULT 0 CHECK (signals >= 0),
  signals_heard INTEGER NOT NULL DEFAULT 0,
  -- Somebody asked for the cancellation.
  cancel_error  TEXT,
  -- Why the run is paused, or is to be when its worker gives it back.
  pause_error   TEXT,
  -- The run was ended from outside, and its children are to be cancelled.
  closing       INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (namespace_id, run_id),
  CONSTRAINT runs_status_known CHECK (status IN
    ('pending', 'running', 'sleeping', 'waiting', 'paused', 'completed', 'failed', 'cancelled')),
  CONSTRAINT runs_lease_iff_running CHECK
    ((status = 'running') = (claimed_at IS NOT NULL) AND (status <> 'running' OR worker_id IS NOT NULL)),
  CONSTRAINT runs_available_iff_claimable CHECK
    (CASE WHEN status IN ('pending', 'sleeping') THEN available_at IS NOT NULL
          WHEN status = 'waiting' THEN 1
          ELSE available_at IS NULL END),
  CONSTRAINT runs_finished_iff_terminal CHECK
    ((status IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
  CONSTRAINT runs_reason_if_paused CHECK
    (CASE WHEN status = 'paused' THEN pause_error IS NOT NULL
          WHEN status <> 'running' THEN pause_error IS NULL
          ELSE 1 END),
  CONSTRAINT runs_child_has_step CHECK ((parent_run_id IS NULL) = (parent_step IS NULL)),
  CONSTRAINT runs_awaited_has_parent CHECK (NOT awaited OR parent_run_id IS NOT NULL),
  CONSTRAINT runs_times_in_order CHECK (created_at <= started_at AND created_at <= finished_at)
) STRICT, WITHOUT ROWID;

-- What can be claimed, in the order in which it is. Runs that are held, paused or over are not in it.
CREATE INDEX runs_claimable ON runs
  (namespace_id, task_queue, workflow_type, version, priority DESC, available_at)
  WHERE available_at IS NOT NULL;

-- What a worker holds.
CREATE INDEX runs_leased ON runs (namespace_id, worker_id) WHERE status = 'running';

-- Lists by status. Most runs have completed, so a list of those needs no index beside the primary key.
CREATE INDEX runs_by_status ON runs (namespace_id, status, run_id) WHERE status <> 'completed';

-- Runs that are held and have something that their worker was not told of.
CREATE INDEX runs_signalled ON runs (namespace_id, worker_id) WHERE claimed_at IS NOT NULL AND signals > signals_heard;

CREATE INDEX runs_by_parent ON runs (namespace_id, parent_run_id, run_id) WHERE parent_run_id IS NOT NULL;

CREATE INDEX runs_closing ON runs (namespace_id, run_id) WHERE closing;

CREATE INDEX runs_by_deadline ON runs (deadline_at) WHERE deadline_at IS NOT NULL AND finished_at IS NULL;

-- Idempotency keys.
CREATE TABLE run_keys (
  namespace_id TEXT NOT NULL,
  external_id  TEXT NOT NULL,
  run_id       TEXT NOT NULL,
  -- Of the workflow and the input: a second start must have the same.
  fingerprint  TEXT NOT NULL,
  PRIMARY KEY (namespace_id, external_id)
) STRICT, WITHOUT ROWID;

-- What happened in each run, in order. Rows are added by whoever holds the run, and never changed.
CREATE TABLE history (
  namespace_id     TEXT NOT NULL,
  run_id           TEXT NOT NULL,
  seq              INTEGER NOT NULL CHECK (seq >= 1),
  epoch            INTEGER NOT NULL CHECK (epoch >= 0),
  kind             TEXT NOT NULL CHECK (kind IN ('run', 'function', 'sleep', 'event', 'child')),
  type             TEXT NOT NULL CHECK (type IN
    ('started', 'retrying', 'cancelling', 'completed', 'failed', 'cancelled')),
  name             TEXT NOT NULL,
  occurrence       INTEGER NOT NULL CHECK (occurrence >= 1),
  attempt          INTEGER NOT NULL CHECK (attempt >= 1),
  recorded_at      INTEGER NOT NULL,
  observed_at      INTEGER NOT NULL,
  due_at           INTEGER,
  duration_ms      INTEGER,
  payload          BLOB,
  -- NULL beside a payload means JSON and nothing else.
  payload_metadata TEXT,
  input            BLOB,
  input_metadata   TEXT,
  error            TEXT,
  -- Of a child: its run. Of a run that has ended to go on as another one: that one.
  child_run_id     TEXT,
  PRIMARY KEY (namespace_id, run_id, seq),
  CONSTRAINT history_run_has_no_name CHECK ((kind = 'run') = (name = '')),
  CONSTRAINT history_error_iff_failure CHECK
    ((type IN ('retrying', 'cancelling', 'failed', 'cancelled')) = (error IS NOT NULL)),
  CONSTRAINT history_due_iff_waiting CHECK
    (CASE WHEN type = 'retrying' OR (type = 'started' AND kind = 'sleep') THEN due_at IS NOT NULL
          WHEN type = 'started' AND kind = 'event' THEN 1
          ELSE due_at IS NULL END)
) STRICT, WITHOUT ROWID;

-- What was brought to each run from outside, until the code takes it: then its content is in the history.
CREATE TABLE inbox (
  namespace_id     TEXT NOT NULL,
  run_id           TEXT NOT NULL,
  -- The run's count of signals at that time.
  position         INTEGER NOT NULL,
  kind             TEXT NOT NULL CHECK (kind IN ('event', 'child')),
  name             TEXT NOT NULL,
  key              TEXT,
  -- A second message of this id is the first one, sent again.
  message_id       TEXT NOT NULL,
  child_run_id     TEXT,
  payload          BLOB,
  payload_metadata TEXT,
  error            TEXT,
  received_at      INTEGER NOT NULL,
  -- The record that holds what the code took.
  taken_seq        INTEGER,
  PRIMARY KEY (namespace_id, run_id, position),
  CONSTRAINT inbox_child_iff_of_child CHECK ((kind = 'child') = (child_run_id IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX inbox_by_message ON inbox (namespace_id, run_id, message_id);

-- How far runs say that they are, and what they are doing.
CREATE TABLE run_progress (
  namespace_id     TEXT NOT NULL,
  run_id           TEXT NOT NULL,
  payload          BLOB,
  payload_metadata TEXT,
  -- What their workers say that they are busy with.
  activity         TEXT,
  updated_at       INTEGER NOT NULL,
  PRIMARY KEY (namespace_id, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
  namespace_id              TEXT NOT NULL,
  worker_id                 TEXT NOT NULL,
  task_queue                TEXT NOT NULL,
  status                    TEXT NOT NULL CHECK (status IN ('online', 'draining', 'offline')),
  workflows                 TEXT NOT NULL,
  max_concurrent            INTEGER NOT NULL,
  hostname                  TEXT NOT NULL,
  pid                       INTEGER NOT NULL,
  version                   TEXT NOT NULL,
  labels                    TEXT NOT NULL,
  queue_concurrency_limit   INTEGER,
  workflow_type_concurrency TEXT NOT NULL,
  active_count              INTEGER NOT NULL,
  total_completed           INTEGER NOT NULL,
  total_failed              INTEGER NOT NULL,
  registered_at             INTEGER NOT NULL,
  last_heartbeat_at         INTEGER NOT NULL,
  -- All leases of the worker end here: one heartbeat renews them with one row.
  lease_expires_at          INTEGER NOT NULL,
  PRIMARY KEY (namespace_id, worker_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX workers_by_lease ON workers (lease_expires_at) WHERE status <> 'offline';

-- Which versions of a workflow there are: a new run takes the highest.
CREATE TABLE workflow_versions (
  namespace_id  TEXT NOT NULL,
  workflow_type TEXT NOT NULL,
  version       TEXT NOT NULL,
  registered_at INTEGER NOT NULL,
  PRIMARY KEY (namespace_id, workflow_type, version)
) STRICT, WITHOUT ROWID;

-- Which version new runs take, where that is not the highest.
CREATE TABLE workflow_defaults (
  namespace_id  TEXT NOT NULL,
  workflow_type TEXT NOT NULL,
  version       TEXT NOT NULL,
  PRIMARY KEY (namespace_id, workflow_type)
) STRICT, WITHOUT ROWID;
