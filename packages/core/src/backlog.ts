import type { NamespaceId } from "./ids.ts";
import type { RunStatus } from "./run.ts";

/** Runs of one workflow that are in one state. */
export interface Backlog {
  readonly namespaceId: NamespaceId;
  readonly workflowType: string;
  readonly status: RunStatus;
  readonly count: number;
  /** Of these, how many are ready to be claimed, and for how long the first of them has been. */
  readonly ready: number;
  readonly oldestReadyMs: number;
}

/** Connections to a database that are kept. */
export interface Connections {
  readonly busy: number;
  readonly idle: number;
  /** Operations that wait for one. */
  readonly waiting: number;
}
