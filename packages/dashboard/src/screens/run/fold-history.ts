import { type HistoryRecord, RecordType, type RunningStep, StepKind } from "@kagzi/proto";
import { toMs } from "../../app/format.ts";

/** A part of a step's life. */
export interface Segment {
  readonly kind: "attempt" | "backoff" | "wait";
  readonly outcome: "open" | "completed" | "failed" | "cancelled";
  readonly fromMs: number;
  /** Absent: it goes on. */
  readonly toMs?: number;
  /** Of the attempt, or of the one that failed before the backoff. */
  readonly attempt: number;
  /** When a wait ends by itself, or the next attempt is due. */
  readonly dueMs?: number;
}

export type StepState = "running" | "waiting" | "retrying" | "completed" | "failed" | "cancelled";

/** A step with everything that became of it. */
export interface StepRow {
  /** `charge`, `charge#2`: as in the ids of steps. */
  readonly key: string;
  readonly kind: StepKind;
  readonly state: StepState;
  readonly attempt: number;
  readonly segments: readonly Segment[];
  readonly fromMs: number;
  /** Absent: it goes on. */
  readonly toMs?: number;
  readonly childRunId?: string;
}

/** Folds what was recorded of a run, and what runs now, into its steps: in the order in which they began. */
export function foldHistory(records: readonly HistoryRecord[], running: readonly RunningStep[]): readonly StepRow[] {
  const rows = new Map<string, StepRow>();
  for (const record of records) {
    if (record.kind === StepKind.UNSPECIFIED) {
      if (record.type === RecordType.CANCELLING) endWaits(rows, timeOf(record));
    } else {
      const key = keyOf(record);
      rows.set(key, advance(rows.get(key), key, record));
    }
  }
  for (const step of running) {
    const key = keyOf(step);
    rows.set(key, run(rows.get(key), key, step));
  }
  return [...rows.values()].sort((a, b) => a.fromMs - b.fromMs);
}

function keyOf({ occurrence, stepName }: { readonly stepName: string; readonly occurrence: number }): string {
  return occurrence > 1 ? `${stepName}#${occurrence}` : stepName;
}

function timeOf({ observedAt, recordedAt }: HistoryRecord): number {
  const at = recordedAt ?? observedAt;
  return at === undefined ? 0 : toMs(at);
}

function advance(before: StepRow | undefined, key: string, record: HistoryRecord): StepRow {
  const at = timeOf(record);
  const began = at - Number(record.durationMs ?? 0n);
  const { attempt, childRunId = before?.childRunId, dueAt, kind } = record;
  const due = dueAt === undefined ? {} : { dueMs: toMs(dueAt) };
  const earlier = before?.segments ?? [];
  const wait = earlier.find((each) => each.kind === "wait" && each.toMs === undefined);
  const settled = closed(earlier, began);
  const about = { key, kind, attempt, ...(childRunId !== undefined && { childRunId }) };
  const of = (state: StepState, segments: readonly Segment[], toMs_?: number): StepRow => ({
    ...about,
    state,
    segments,
    fromMs: Math.min(...segments.map((segment) => segment.fromMs)),
    ...(toMs_ !== undefined && { toMs: toMs_ }),
  });
  switch (record.type) {
    case RecordType.STARTED:
      return of("waiting", [...settled, { kind: "wait", outcome: "open", fromMs: at, attempt, ...due }]);
    case RecordType.RETRYING:
      return of("retrying", [
        ...settled,
        { kind: "attempt", outcome: "failed", fromMs: began, toMs: at, attempt },
        { kind: "backoff", outcome: "open", fromMs: at, attempt, ...due },
      ]);
    default: {
      const outcome = OUTCOME[record.type] ?? "completed";
      const ended =
        wait === undefined
          ? [...settled, { kind: "attempt" as const, outcome, fromMs: began, toMs: at, attempt }]
          : [...earlier.filter((each) => each !== wait), { ...wait, outcome, toMs: at }];
      return of(outcome, ended, at);
    }
  }
}

const OUTCOME: Partial<Readonly<Record<RecordType, "completed" | "failed" | "cancelled">>> = {
  [RecordType.COMPLETED]: "completed",
  [RecordType.FAILED]: "failed",
  [RecordType.CANCELLED]: "cancelled",
};

/** What goes on ends where the next thing begins. */
function closed(segments: readonly Segment[], at: number): readonly Segment[] {
  return segments.map((segment) =>
    segment.toMs === undefined ? { ...segment, outcome: "completed", toMs: Math.max(at, segment.fromMs) } : segment,
  );
}

function run(before: StepRow | undefined, key: string, { attempt, startedAt }: RunningStep): StepRow {
  const fromMs = startedAt === undefined ? (before?.fromMs ?? 0) : toMs(startedAt);
  const segments = [
    ...closed(before?.segments ?? [], fromMs),
    { kind: "attempt" as const, outcome: "open" as const, fromMs, attempt },
  ];
  return { key, kind: StepKind.FUNCTION, state: "running", attempt, segments, fromMs: before?.fromMs ?? fromMs };
}

/** Whoever is told that its run is to be cancelled waits no longer. */
function endWaits(rows: Map<string, StepRow>, at: number): void {
  for (const [key, row] of rows) {
    if (row.toMs !== undefined) continue;
    const segments = closed(row.segments, at).map((segment, index, all) =>
      index === all.length - 1 ? { ...segment, outcome: "cancelled" as const } : segment,
    );
    rows.set(key, { ...row, state: "cancelled", segments, toMs: at });
  }
}
