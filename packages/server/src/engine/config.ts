/** The numbers that an engine runs by. All in milliseconds unless they say otherwise. */
export interface EngineConfig {
  /** A worker that is not heard of for so long loses its runs. */
  readonly leaseMs: number;
  /** How often the store is asked for work and for ended runs even if nothing says that there are any. */
  readonly pollMs: number;
  /** So long before their sleep is over, runs are given to workers with slots to spare, which wait with them until then. */
  readonly claimAheadMs: number;
  /** Workers that have been offline for so long are forgotten. */
  readonly forgetWorkersAfterMs: number;
  /** Events are kept for so long, for waits that begin later and for lists. */
  readonly eventRetentionMs: number;
  /** What was done by hand is kept in the audit log for so long. */
  readonly auditRetentionMs: number;
  /** How long a start waits for a database that does not answer, before its caller is told. */
  readonly startPatienceMs: number;
  /** Writes of one commit at most. */
  readonly commitItems: number;
  /** Bytes of payloads of one commit, about. */
  readonly commitBytes: number;
  /** Bytes of a history, and of messages, that go along with a task; the rest goes in pages of the same size. */
  readonly pageBytes: number;
}

export const DEFAULT_CONFIG: EngineConfig = {
  leaseMs: 30_000,
  pollMs: 1000,
  claimAheadMs: 300,
  forgetWorkersAfterMs: 24 * 60 * 60 * 1000,
  eventRetentionMs: 30 * 24 * 60 * 60 * 1000,
  auditRetentionMs: 90 * 24 * 60 * 60 * 1000,
  startPatienceMs: 5000,
  commitItems: 500,
  commitBytes: 4 * 1024 * 1024,
  pageBytes: 1024 * 1024,
};

/** Three heartbeats fit into a lease, so that two may be lost. */
export function heartbeatIntervalMs(config: EngineConfig): number {
  return Math.floor(config.leaseMs / 3);
}
