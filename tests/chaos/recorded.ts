import {
  type HistoryRecord,
  type Payload,
  type RunDetail,
  type Store,
  checkNamespaceId,
  formatStepKey,
} from "@kagzi/core";
import type { Output } from "./entries.ts";

/** What the engine has when everything is over. */
export interface Recorded {
  readonly runs: readonly RecordedRun[];
  readonly events: readonly RecordedEvent[];
  readonly schedules: readonly RecordedSchedule[];
}

export interface RecordedRun {
  readonly run: string;
  readonly workflow: string;
  readonly status: string;
  /** The id that its client gave it. */
  readonly key?: string;
  readonly output?: Output;
  /** Why it failed. */
  readonly error?: string;
  readonly parent?: string;
  readonly continuedFrom?: string;
  readonly eventId?: string;
  readonly scheduleId?: string;
  /** The slot of its schedule. */
  readonly scheduledAt?: number;
  /** Every outcome of a function, in the order of the history. */
  readonly outcomes: readonly Outcome[];
}

/** How a step ended: what is recorded once for each. */
export interface Outcome {
  readonly step: string;
  /** What its function gave; absent if it failed. */
  readonly nonce?: string;
}

export interface RecordedEvent {
  readonly id: string;
  readonly name: string;
  readonly key?: string;
  /** By how many runs. */
  readonly taken: number;
}

export interface RecordedSchedule {
  readonly id: string;
  readonly everyMs: number;
  readonly createdAt: number;
  /** Every slot up to this time is decided. */
  readonly watermark: number;
}

const PAGE = 500;
const PAGE_BYTES = 4 * 1024 * 1024;
const namespaceId = checkNamespaceId("default");

/** Everything that a store has, read without the engine. */
export async function readRecorded(store: Store): Promise<Recorded> {
  return { runs: await readRuns(store), events: await readEvents(store), schedules: await readSchedules(store) };
}

async function readRuns(store: Store): Promise<RecordedRun[]> {
  const recorded: RecordedRun[] = [];
  for (let before: RunDetail["run"]["runId"] | undefined; ;) {
    const page = { limit: PAGE, ...(before !== undefined && { before }) };
    const runs = await store.runs.list({ namespaceId, statuses: [] }, page);
    if (runs.length === 0) return recorded;
    const positions = runs.map(({ runId }) => ({ namespaceId, runId, afterSeq: 0 }));
    const histories = await store.history.read(positions, PAGE_BYTES);
    const details = await store.runs.get(runs);
    for (const [index, detail] of details.entries()) {
      if (detail !== undefined) recorded.push(described(detail, histories[index]?.records ?? []));
    }
    before = runs.at(-1)?.runId;
  }
}

function described({ error, output, run }: RunDetail, history: readonly HistoryRecord[]): RecordedRun {
  const { continuedFrom, eventId, externalId, parent, runId, scheduleId, scheduledAt, status, workflowType } = run;
  const result = decode(output) as Output | undefined;
  return {
    run: runId,
    workflow: workflowType,
    status,
    outcomes: history.flatMap(outcomeOf),
    ...(externalId !== undefined && { key: externalId }),
    ...(result !== undefined && { output: result }),
    ...(error !== undefined && { error: `${error.code} ${error.message}` }),
    ...(parent !== undefined && { parent: parent.runId }),
    ...(continuedFrom !== undefined && { continuedFrom }),
    ...(eventId !== undefined && { eventId }),
    ...(scheduleId !== undefined && { scheduleId }),
    ...(scheduledAt !== undefined && { scheduledAt }),
  };
}

function outcomeOf(record: HistoryRecord): readonly Outcome[] {
  if (record.kind !== "function" || (record.type !== "completed" && record.type !== "failed")) return [];
  const nonce = decode(record.payload) as string | undefined;
  return [{ step: formatStepKey(record), ...(nonce !== undefined && { nonce }) }];
}

function decode(payload: Payload | undefined): unknown {
  return payload === undefined || payload.data.length === 0
    ? undefined
    : JSON.parse(Buffer.from(payload.data).toString());
}

async function readEvents(store: Store): Promise<RecordedEvent[]> {
  const recorded: RecordedEvent[] = [];
  for (let before: Awaited<ReturnType<Store["events"]["list"]>>[number] | undefined; ;) {
    const events = await store.events.list({ namespaceId }, { limit: PAGE, ...(before !== undefined && { before }) });
    if (events.length === 0) return recorded;
    for (const { eventId: id, key, name, takenCount: taken } of events)
      recorded.push({ id, name, taken, ...(key !== undefined && { key }) });
    before = events.at(-1);
  }
}

async function readSchedules(store: Store): Promise<RecordedSchedule[]> {
  const intervals = { tick: 1000, tock: 60_000 };
  const found = await Promise.all(
    Object.entries(intervals).map(async ([id, everyMs]) => {
      const schedule = await store.schedules.get({ namespaceId, scheduleId: id });
      return schedule === undefined
        ? []
        : [{ id, everyMs, createdAt: schedule.createdAt, watermark: schedule.watermark }];
    }),
  );
  return found.flat();
}
