-- Who may call: what is kept of a key cannot be used as one.
CREATE TABLE :"schema".api_keys (
  key_id       text COLLATE "C" PRIMARY KEY,
  name         text NOT NULL,
  role         text COLLATE "C" NOT NULL CHECK (role IN ('read-only', 'client', 'worker', 'admin')),
  -- NULL: good for all namespaces.
  namespace_id text COLLATE "C",
  -- SHA-256 of the secret, in hexadecimal.
  hash         text COLLATE "C" NOT NULL CHECK (length(hash) = 64),
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz
);

CREATE INDEX api_keys_by_namespace ON :"schema".api_keys (namespace_id, key_id);

-- What was done by hand, and by whom. Rows are added, and deleted when they are old.
CREATE TABLE :"schema".audit_log (
  -- A UUIDv7: the order of entries.
  entry_id     uuid PRIMARY KEY,
  recorded_at  timestamptz NOT NULL,
  -- The id of a key, or `local`; its name is what it was then.
  actor        text COLLATE "C" NOT NULL,
  actor_name   text NOT NULL,
  action       text COLLATE "C" NOT NULL,
  subject      text COLLATE "C" NOT NULL,
  subject_id   text NOT NULL,
  -- NULL: of no namespace.
  namespace_id text COLLATE "C",
  -- `done`, or the code of the error.
  outcome      text COLLATE "C" NOT NULL
);

CREATE INDEX audit_log_by_namespace ON :"schema".audit_log (namespace_id, entry_id);
CREATE INDEX audit_log_by_age ON :"schema".audit_log (recorded_at);
