-- The event that started the run.
ALTER TABLE runs ADD COLUMN event_id TEXT;

-- Of a message that is an event of the whole namespace: which one.
ALTER TABLE inbox ADD COLUMN event_uid TEXT;

-- Who took an event.
CREATE INDEX inbox_by_event ON inbox (namespace_id, event_uid, run_id)
  WHERE event_uid IS NOT NULL AND taken_seq IS NOT NULL;

-- Events that were sent to a whole namespace.
CREATE TABLE events (
  namespace_id     TEXT NOT NULL,
  sent_at          INTEGER NOT NULL,
  -- Orders the events of one millisecond.
  event_uid        TEXT NOT NULL,
  -- Its sender's: a second event of this id is the first one, sent again.
  event_id         TEXT NOT NULL,
  name             TEXT NOT NULL,
  key              TEXT,
  payload          BLOB,
  payload_metadata TEXT,
  -- The ids of the runs that it started, as JSON.
  started          TEXT NOT NULL,
  -- No wait matches it that it could still be brought to.
  routed           INTEGER NOT NULL CHECK (routed IN (0, 1)),
  PRIMARY KEY (namespace_id, sent_at, event_uid)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX events_by_id ON events (namespace_id, event_id);
CREATE INDEX events_by_name ON events (namespace_id, name, sent_at, event_uid);
CREATE INDEX events_by_key ON events (namespace_id, name, key, sent_at, event_uid) WHERE key IS NOT NULL;
CREATE INDEX events_unrouted ON events (sent_at) WHERE NOT routed;
CREATE INDEX events_by_age ON events (sent_at) WHERE routed;

-- Waits for events that have begun and not ended.
CREATE TABLE event_waits (
  namespace_id TEXT NOT NULL,
  run_id       TEXT NOT NULL,
  name         TEXT NOT NULL,
  occurrence   INTEGER NOT NULL,
  -- Only events with this key are taken; NULL: any.
  key          TEXT,
  -- Only events that were sent since the run began, and not the one that began it.
  since        INTEGER NOT NULL,
  begun_by     TEXT,
  -- new: nobody has looked yet what there is for it. open: it was looked at, there was nothing. brought: an event is in
  -- the run's inbox. suspended: the run has failed, and may be retried.
  state        TEXT NOT NULL CHECK (state IN ('new', 'open', 'brought', 'suspended')),
  -- The message.
  position     INTEGER,
  PRIMARY KEY (namespace_id, run_id, name, occurrence),
  CONSTRAINT event_waits_position_iff_brought CHECK ((state = 'brought') = (position IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX event_waits_new ON event_waits (namespace_id, run_id) WHERE state = 'new';
CREATE INDEX event_waits_unbrought ON event_waits (namespace_id, name, key, since)
  WHERE state IN ('new', 'open');

-- Which workflows an event starts.
CREATE TABLE subscriptions (
  namespace_id  TEXT NOT NULL,
  workflow_type TEXT NOT NULL,
  version       TEXT NOT NULL,
  event_name    TEXT NOT NULL,
  task_queue    TEXT NOT NULL,
  PRIMARY KEY (namespace_id, workflow_type, version, event_name)
) STRICT, WITHOUT ROWID;

CREATE INDEX subscriptions_by_event ON subscriptions (namespace_id, event_name);
