import { WorkflowStatus } from "@kagzi/proto";

/** Which runs are looked at, as the address says it. */
export interface RunsFilter {
  /** Empty: all. */
  readonly statuses: readonly WorkflowStatus[];
  readonly workflow: string | undefined;
  /** How far back, in milliseconds; absent: to the first. */
  readonly withinMs: number | undefined;
}

const HOUR_MS = 3_600_000;

/** How far back one may look, by what the address says. */
export const WITHIN: Readonly<Record<string, { readonly label: string; readonly ms: number }>> = {
  "15m": { label: "last 15 minutes", ms: HOUR_MS / 4 },
  "1h": { label: "last hour", ms: HOUR_MS },
  "24h": { label: "last 24 hours", ms: 24 * HOUR_MS },
  "7d": { label: "last 7 days", ms: 7 * 24 * HOUR_MS },
  "30d": { label: "last 30 days", ms: 30 * 24 * HOUR_MS },
};

/** Reads the query of the address. What cannot be read is no filter. */
export function readFilter(search: URLSearchParams): RunsFilter {
  const statuses = (search.get("status") ?? "").split(",").flatMap((name) => statusOf(name) ?? []);
  const workflow = search.get("workflow");
  return {
    statuses: [...new Set(statuses)],
    workflow: workflow === null || workflow === "" ? undefined : workflow,
    withinMs: WITHIN[search.get("within") ?? ""]?.ms,
  };
}

export function isFiltered({ statuses, withinMs, workflow }: RunsFilter): boolean {
  return statuses.length > 0 || workflow !== undefined || withinMs !== undefined;
}

/** `failed,running`, for the address. */
export function writeStatuses(statuses: readonly WorkflowStatus[]): string {
  return statuses.map(statusName).join(",");
}

export function statusName(status: WorkflowStatus): string {
  return WorkflowStatus[status].toLowerCase();
}

function statusOf(name: string): WorkflowStatus | undefined {
  const found: unknown = Reflect.get(WorkflowStatus, name.toUpperCase());
  return typeof found === "number" && found !== 0 ? found : undefined;
}

/** The filter in the fields of a request. The time is that of now. */
export function requestOf(filter: RunsFilter, nowMs: number) {
  const { statuses, withinMs, workflow } = filter;
  return {
    statusFilter: [...statuses],
    ...(workflow !== undefined && { workflowType: workflow }),
    ...(withinMs !== undefined && {
      createdAfter: { seconds: BigInt(Math.floor((nowMs - withinMs) / 1000)), nanos: 0 },
    }),
  };
}
