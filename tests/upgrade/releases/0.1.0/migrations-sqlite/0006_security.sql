-- Who may call: what is kept of a key cannot be used as one.
CREATE TABLE api_keys (
  key_id       TEXT PRIMARY KEY,
  name         TEXT NOT NULL,
  role         TEXT NOT NULL CHECK (role IN ('read-only', 'client', 'worker', 'admin')),
  -- NULL: good for all namespaces.
  namespace_id TEXT,
  -- SHA-256 of the secret, in hexadecimal.
  hash         TEXT NOT NULL CHECK (length(hash) = 64),
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER,
  revoked_at   INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX api_keys_by_namespace ON api_keys (namespace_id, key_id);

-- What was done by hand, and by whom. Rows are added, and deleted when they are old.
CREATE TABLE audit_log (
  -- A UUIDv7: the order of entries.
  entry_id     TEXT PRIMARY KEY,
  recorded_at  INTEGER NOT NULL,
  -- The id of a key, or `local`; its name is what it was then.
  actor        TEXT NOT NULL,
  actor_name   TEXT NOT NULL,
  action       TEXT NOT NULL,
  subject      TEXT NOT NULL,
  subject_id   TEXT NOT NULL,
  -- NULL: of no namespace.
  namespace_id TEXT,
  -- `done`, or the code of the error.
  outcome      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_log_by_namespace ON audit_log (namespace_id, entry_id);
CREATE INDEX audit_log_by_age ON audit_log (recorded_at);
