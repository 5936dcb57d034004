import { WorkflowStatus } from "@kagzi/proto";

/** The states of a run. */
export type RunStatus =
  "pending" | "running" | "sleeping" | "waiting" | "paused" | "completed" | "failed" | "cancelled";

const WIRE_STATUS: Readonly<Record<RunStatus, WorkflowStatus>> = {
  pending: WorkflowStatus.PENDING,
  running: WorkflowStatus.RUNNING,
  sleeping: WorkflowStatus.SLEEPING,
  waiting: WorkflowStatus.WAITING,
  paused: WorkflowStatus.PAUSED,
  completed: WorkflowStatus.COMPLETED,
  failed: WorkflowStatus.FAILED,
  cancelled: WorkflowStatus.CANCELLED,
};

const STATUS = new Map(Object.entries(WIRE_STATUS).map(([status, wire]) => [wire, status as RunStatus]));

/** A status as the wire has it. */
export function toWireStatus(status: RunStatus): WorkflowStatus {
  return WIRE_STATUS[status];
}

/** A status of a newer server counts as one that goes on. */
export function fromWireStatus(status: WorkflowStatus): RunStatus {
  return STATUS.get(status) ?? "waiting";
}

/** Whether the run has ended. */
export function hasEnded(status: RunStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}
