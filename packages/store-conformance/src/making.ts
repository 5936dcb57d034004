import { randomBytes } from "node:crypto";
import {
  type Assignment,
  type Candidate,
  type NamespaceId,
  type NewWorker,
  type WorkerId,
  uuidv7Source,
} from "@kagzi/core";

export const DEFAULT = "default" as NamespaceId;
export const LEASE_MS = 30_000;

const uuid = uuidv7Source({ now: Date.now, randomBytes: (count) => randomBytes(count) });

export function newId(): string {
  return uuid();
}

/** A worker as it registers, with what a test says of it. */
export function workerOf(change: Partial<NewWorker>): NewWorker {
  return {
    namespaceId: DEFAULT,
    workerId: newId() as WorkerId,
    taskQueue: "",
    workflows: [{ workflowType: "greet", version: "1" }],
    maxConcurrent: 100,
    hostname: "host",
    pid: 1,
    version: "1.0.0",
    labels: {},
    workflowTypeConcurrency: {},
    ...change,
  };
}
export const STATS = { activeCount: 1, totalCompleted: 2, totalFailed: 3 };

/** Gives every candidate to one worker. */
export function assignAllTo(workerId: WorkerId): (candidates: readonly Candidate[]) => readonly Assignment[] {
  return (candidates) => candidates.map(({ runId }) => ({ runId, workerId }));
}
