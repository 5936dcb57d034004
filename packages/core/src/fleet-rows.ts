import type { NamespaceId, RunId, WorkerId } from "./ids.ts";
import type { Namespace } from "./namespace.ts";
import type { RunStatus } from "./run.ts";
import type { LimitSettings, Touched } from "./store.ts";
import type { Instant } from "./time.ts";
import type { Worker, WorkerStatus, WorkflowVersion } from "./worker.ts";
import type { WorkflowLimits } from "./workflow-limits.ts";

// The rows of what runs belong to: workers, namespaces, limits.

/** What of a row of `runs` says whom to tell that somebody had something for the run. */
export interface TouchedRow {
  readonly run_id: RunId;
  readonly task_queue: string;
  readonly workflow_type: string;
  readonly version: string;
  readonly status: RunStatus;
  readonly worker_id: WorkerId | null;
}

export function toTouched(namespaceId: NamespaceId, row: TouchedRow): Touched {
  return {
    namespaceId,
    runId: row.run_id,
    taskQueue: row.task_queue,
    workflowType: row.workflow_type,
    version: row.version,
    status: row.status,
    ...(row.worker_id !== null && { workerId: row.worker_id }),
  };
}

/** A row of `workflow_limits`. */
export interface LimitsRow {
  readonly workflow_type: string;
  readonly declared: string | null;
  readonly override: string | null;
}

export function toLimitSettings(row: LimitsRow): LimitSettings {
  return {
    workflowType: row.workflow_type,
    ...(row.declared !== null && { declared: JSON.parse(row.declared) as WorkflowLimits }),
    ...(row.override !== null && { override: JSON.parse(row.override) as WorkflowLimits }),
  };
}

/** A row of `workers`. */
export interface WorkerRow {
  readonly namespace_id: NamespaceId;
  readonly worker_id: WorkerId;
  readonly task_queue: string;
  readonly status: WorkerStatus;
  readonly workflows: string;
  readonly max_concurrent: number;
  readonly hostname: string;
  readonly pid: number;
  readonly version: string;
  readonly labels: string;
  readonly queue_concurrency_limit: number | null;
  readonly workflow_type_concurrency: string;
  readonly active_count: number;
  readonly total_completed: number;
  readonly total_failed: number;
  readonly registered_at: Instant;
  readonly last_heartbeat_at: Instant;
}

export function toWorker(row: WorkerRow): Worker {
  return {
    namespaceId: row.namespace_id,
    workerId: row.worker_id,
    taskQueue: row.task_queue,
    status: row.status,
    workflows: JSON.parse(row.workflows) as WorkflowVersion[],
    maxConcurrent: row.max_concurrent,
    hostname: row.hostname,
    pid: row.pid,
    version: row.version,
    labels: JSON.parse(row.labels) as Record<string, string>,
    ...(row.queue_concurrency_limit !== null && { queueConcurrencyLimit: row.queue_concurrency_limit }),
    workflowTypeConcurrency: JSON.parse(row.workflow_type_concurrency) as Record<string, number>,
    activeCount: row.active_count,
    totalCompleted: row.total_completed,
    totalFailed: row.total_failed,
    registeredAt: row.registered_at,
    lastHeartbeatAt: row.last_heartbeat_at,
  };
}

/** A row of `namespaces`. */
export interface NamespaceRow {
  readonly namespace_id: NamespaceId;
  readonly description: string;
  /** SQLite has no booleans and answers with 0 or 1. */
  readonly enabled: boolean | number;
  readonly retention_ms: number | null;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export function toNamespace(row: NamespaceRow): Namespace {
  return {
    namespaceId: row.namespace_id,
    description: row.description,
    enabled: Boolean(row.enabled),
    ...(row.retention_ms !== null && { retentionMs: row.retention_ms }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
