import type { NamespaceId, WorkerId } from "./ids.ts";
import type { Instant } from "./time.ts";
import type { WorkflowLimits } from "./workflow-limits.ts";

/** A workflow in one version, as a worker offers to execute it. */
export interface WorkflowVersion {
  readonly workflowType: string;
  readonly version: string;
}

/** A workflow as a worker registers it. */
export interface OfferedWorkflow extends WorkflowVersion {
  /** How long a run that was started without a timeout may take. */
  readonly timeoutMs?: number;
  /** How its runs are held back, in the whole fleet. */
  readonly limits?: WorkflowLimits;
  /** Names of events that start it. */
  readonly on?: readonly string[];
  /** The JSON Schema of its input, as JSON. */
  readonly inputSchema?: string;
}

export type WorkerStatus = "online" | "draining" | "offline";

/** What a worker says of itself when it registers. */
export interface NewWorker {
  readonly namespaceId: NamespaceId;
  readonly workerId: WorkerId;
  readonly taskQueue: string;
  readonly workflows: readonly OfferedWorkflow[];
  readonly maxConcurrent: number;
  readonly hostname: string;
  readonly pid: number;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly queueConcurrencyLimit?: number;
  readonly workflowTypeConcurrency: Readonly<Record<string, number>>;
}

/** What a worker's heartbeat says of its work. */
export interface WorkerStats {
  readonly activeCount: number;
  readonly totalCompleted: number;
  readonly totalFailed: number;
}

/** A process that claims runs and executes their code. */
export interface Worker extends NewWorker, WorkerStats {
  readonly status: WorkerStatus;
  readonly registeredAt: Instant;
  readonly lastHeartbeatAt: Instant;
}

/**
 * Compares two versions so that digits count as numbers: "2" < "10", "1.9.0" < "1.10.0", "1.0-beta" > "1.0".
 * Negative, zero or positive, as a sort wants it.
 */
export function compareVersions(a: string, b: string): number {
  const right = chunks(b);
  for (const [at, chunk] of chunks(a).entries()) {
    const other = right[at];
    const order = other === undefined ? 1 : compareChunks(chunk, other);
    if (order !== 0) return order;
  }
  return chunks(a).length - right.length || compareText(a, b);
}

function chunks(version: string): readonly string[] {
  return Array.from(version.matchAll(CHUNKS), ([chunk]) => chunk);
}

const CHUNKS = /\d+|\D+/g;
const DIGITS = /^\d+$/;

function compareChunks(a: string, b: string): number {
  if (!DIGITS.test(a) || !DIGITS.test(b)) return compareText(a, b);
  // As text, so that no number is too long: without leading zeros, the longer one is the greater.
  const left = a.replace(/^0+/, "");
  const right = b.replace(/^0+/, "");
  return left.length - right.length || compareText(left, right);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The highest of some versions, which a new run takes; `undefined` of none. */
export function highestVersion(versions: readonly string[]): string | undefined {
  return versions.toSorted(compareVersions).at(-1);
}
