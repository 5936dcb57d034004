-- A run that is paused before its start, or between two attempts, knows when it was to go on: not before that does it,
-- whenever it is resumed.
ALTER TABLE :"schema".runs
  ADD COLUMN ready_at timestamptz,
  ADD CONSTRAINT runs_ready_later_if_paused CHECK (ready_at IS NULL OR status = 'paused');
