-- As in PostgreSQL.
ALTER TABLE namespaces ADD COLUMN retention_ms INTEGER CHECK (retention_ms >= 0);

CREATE INDEX runs_ended ON runs (namespace_id, workflow_type, status, finished_at) WHERE finished_at IS NOT NULL;
