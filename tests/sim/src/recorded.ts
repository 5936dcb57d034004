import {
  type HistoryRecord,
  type NamespaceId,
  type Payload,
  type RunDetail,
  type Store,
  formatStepKey,
} from "@kagzi/core";

/** A run as the store has it when everything is over. */
export interface Recorded extends RunDetail {
  readonly records: readonly HistoryRecord[];
}

/** The namespace that everything is in. */
export const DEFAULT = "default" as NamespaceId;
const ALL = 1e9;

/** Every run there is, the oldest first. */
export async function readRuns(store: Store): Promise<readonly Recorded[]> {
  const runs = await store.runs.list({ namespaceId: DEFAULT, statuses: [] }, { limit: 10_000 });
  const references = runs.map(({ runId }) => ({ namespaceId: DEFAULT, runId })).toReversed();
  const details = await store.runs.get(references);
  const pages = await store.history.read(
    references.map((reference) => ({ ...reference, afterSeq: 0 })),
    ALL,
  );
  return details.flatMap((detail, index) =>
    detail === undefined ? [] : [{ ...detail, records: pages[index]?.records ?? [] }],
  );
}

/** Which of them have not ended. */
export async function countOpen(store: Store): Promise<number> {
  const statuses = ["pending", "running", "sleeping", "waiting", "paused"] as const;
  return store.runs.count({ namespaceId: DEFAULT, statuses }, ALL);
}

/** What a payload says; `undefined` for none. */
export function valueOf(payload: Payload | undefined): unknown {
  if (payload === undefined || payload.data.length === 0) return undefined;
  return JSON.parse(new TextDecoder().decode(payload.data)) as unknown;
}

/** The outcomes of a run's steps, by key, in the order in which they were recorded; a key may have failed before its run was retried. */
export function outcomesOf({ records }: Recorded): ReadonlyMap<string, readonly HistoryRecord[]> {
  const outcomes = new Map<string, HistoryRecord[]>();
  for (const record of records) {
    if (record.kind === "run" || (record.type !== "completed" && record.type !== "failed")) continue;
    const key = formatStepKey(record);
    const before = outcomes.get(key);
    if (before === undefined) outcomes.set(key, [record]);
    else before.push(record);
  }
  return outcomes;
}
