-- How long runs of a namespace are kept after their end. NULL: as long as the server says; 0: for ever.
ALTER TABLE :"schema".namespaces ADD COLUMN retention_ms bigint CHECK (retention_ms >= 0);

-- Runs that have ended, of each workflow in each way, by when they did: for retention and for statistics.
CREATE INDEX runs_ended ON :"schema".runs (namespace_id, workflow_type, status, finished_at)
  WHERE finished_at IS NOT NULL;
