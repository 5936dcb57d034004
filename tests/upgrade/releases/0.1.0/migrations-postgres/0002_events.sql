-- The event that started the run.
ALTER TABLE :"schema".runs ADD COLUMN event_id text COLLATE "C";

-- Of a message that is an event of the whole namespace: which one.
ALTER TABLE :"schema".inbox ADD COLUMN event_uid uuid;

-- Who took an event.
CREATE INDEX inbox_by_event ON :"schema".inbox (namespace_id, event_uid, run_id)
  WHERE event_uid IS NOT NULL AND taken_seq IS NOT NULL;

-- Events that were sent to a whole namespace.
CREATE TABLE :"schema".events (
  namespace_id     text COLLATE "C" NOT NULL,
  sent_at          timestamptz NOT NULL,
  -- Orders the events of one millisecond.
  event_uid        uuid NOT NULL,
  -- Its sender's: a second event of this id is the first one, sent again.
  event_id         text COLLATE "C" NOT NULL,
  name             text COLLATE "C" NOT NULL,
  key              text COLLATE "C",
  payload          bytea,
  payload_metadata text,
  -- The ids of the runs that it started, as JSON.
  started          text NOT NULL,
  -- No wait matches it that it could still be brought to.
  routed           boolean NOT NULL,
  PRIMARY KEY (namespace_id, sent_at, event_uid)
);

CREATE UNIQUE INDEX events_by_id ON :"schema".events (namespace_id, event_id);
CREATE INDEX events_by_name ON :"schema".events (namespace_id, name, sent_at, event_uid);
CREATE INDEX events_by_key ON :"schema".events (namespace_id, name, key, sent_at, event_uid) WHERE key IS NOT NULL;
CREATE INDEX events_unrouted ON :"schema".events (sent_at) WHERE NOT routed;
CREATE INDEX events_by_age ON :"schema".events (sent_at) WHERE routed;

-- Waits for events that have begun and not ended.
CREATE TABLE :"schema".event_waits (
  namespace_id text COLLATE "C" NOT NULL,
  run_id       uuid NOT NULL,
  name         text COLLATE "C" NOT NULL,
  occurrence   integer NOT NULL,
  -- Only events with this key are taken; NULL: any.
  key          text COLLATE "C",
  -- Only events that were sent since the run began, and not the one that began it.
  since        timestamptz NOT NULL,
  begun_by     text COLLATE "C",
  -- new: nobody has looked yet what there is for it. open: it was looked at, there was nothing. brought: an event is in
  -- the run's inbox. suspended: the run has failed, and may be retried.
  state        text COLLATE "C" NOT NULL CHECK (state IN ('new', 'open', 'brought', 'suspended')),
  -- The message.
  position     integer,
  PRIMARY KEY (namespace_id, run_id, name, occurrence),
  CONSTRAINT event_waits_position_iff_brought CHECK ((state = 'brought') = (position IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

CREATE INDEX event_waits_new ON :"schema".event_waits (namespace_id, run_id) WHERE state = 'new';
CREATE INDEX event_waits_unbrought ON :"schema".event_waits (namespace_id, name, key, since)
  WHERE state IN ('new', 'open');

-- Which workflows an event starts.
CREATE TABLE :"schema".subscriptions (
  namespace_id  text COLLATE "C" NOT NULL,
  workflow_type text COLLATE "C" NOT NULL,
  version       text COLLATE "C" NOT NULL,
  event_name    text COLLATE "C" NOT NULL,
  task_queue    text COLLATE "C" NOT NULL,
  PRIMARY KEY (namespace_id, workflow_type, version, event_name)
);

CREATE INDEX subscriptions_by_event ON :"schema".subscriptions (namespace_id, event_name);
