import { type HistoryRecord, formatStepKey, isTerminal } from "@kagzi/core";
import { isDeepStrictEqual } from "node:util";
import { checkHistory } from "./check-history.ts";
import type { Executed, Ledger } from "./ledger.ts";
import type { Handed } from "./programs.ts";
import { type Recorded, outcomesOf, valueOf } from "./recorded.ts";
import type { Output } from "./workflows.ts";

/** What the checks know beside the ledger and the runs. */
export interface CheckOptions {
  readonly leaseMs: number;
  /** How much has gone wrong for which a step may be executed again. */
  readonly excuses: number;
  /** Workers whose clocks stood still for a while: they cannot know that a lease has ended. */
  readonly suspended: boolean;
}

/** What the engine promised and did not keep, by what was seen from outside of it: one line for each breach. */
export function findBreaches(ledger: Ledger, runs: readonly Recorded[], options: CheckOptions): string[] {
  const byId = new Map<string, Recorded>(runs.map((run) => [run.run.runId, run]));
  const executed = groupByRun(ledger.executed);
  return [
    ...ledger.breaches,
    ...nothingLost(ledger, byId),
    ...nothingInvented(ledger, runs),
    ...runs.flatMap((run) => checkRun(run, executed.get(run.run.runId) ?? [], options)),
    ...ledger.told.flatMap((told) => toldTheTruth(told, byId)),
    ...cancelledForGood(ledger, byId),
    ...eventsInOrder(ledger, byId),
    ...nothingAfterTheEnd(ledger, executed, options),
  ];
}

function checkRun(recorded: Recorded, executed: readonly Executed[], options: CheckOptions): string[] {
  const outcomes = outcomesOf(recorded);
  return [
    ...oneResultEach(recorded, executed),
    ...executed.flatMap((each) => everyReaderSawIt(each, outcomes)),
    ...oneOutput(recorded, outcomes),
    ...checkHistory(recorded),
    ...aGoodReason(recorded),
    ...fewRepetitions(recorded, executed, options),
  ];
}

/** A1: what was acknowledged is there, and has come to its end. */
function nothingLost(ledger: Ledger, runs: ReadonlyMap<string, Recorded>): string[] {
  return Array.from(ledger.started).flatMap(([id, key]) => {
    const found = runs.get(id);
    if (found === undefined) return [`A1: ${key}, run ${id}, was acknowledged and is lost`];
    return found.run.externalId === key
      ? []
      : [`A1: run ${id} was acknowledged as ${key} and is ${found.run.externalId}`];
  });
}

/** A2: no run with a key that nobody asked for, and one for each key. */
function nothingInvented(ledger: Ledger, runs: readonly Recorded[]): string[] {
  const seen = new Set<string>();
  return runs.flatMap(({ run }) => {
    const { continuedFrom, externalId, runId } = run;
    if (externalId === undefined || continuedFrom !== undefined) return [];
    if (!ledger.asked.has(externalId)) return [`A2: nobody started ${externalId}, run ${runId}`];
    if (seen.has(externalId)) return [`A2: a second run for ${externalId}: ${runId}`];
    seen.add(externalId);
    return [];
  });
}

/** A3: what is recorded of a step is what one of its executions gave or threw. */
function oneResultEach({ records, run }: Recorded, executed: readonly Executed[]): string[] {
  const nonces = new Map(executed.map((each) => [each.nonce, each]));
  return records.flatMap((record) => {
    if (record.kind !== "function" || record.name === "e" || record.name === "f") return [];
    const nonce = nonceOf(record);
    if (nonce === undefined) return [];
    const by = nonces.get(nonce);
    const fits = by?.key === formatStepKey(record) && by.ended === (record.type === "completed" ? "gave" : "threw");
    if (fits && by.attempt === record.attempt) return [];
    return [`A3: ${formatStepKey(record)} of run ${run.runId} is recorded as ${nonce}, which no execution of it gave`];
  });
}

/** The execution that a record is of; `undefined` for what no execution gave: a time that was over, or a run that was started. */
function nonceOf(record: HistoryRecord): string | undefined {
  if (record.type === "completed") {
    const value = valueOf(record.payload);
    return typeof value === "string" ? value : undefined;
  }
  return /^failed (n\d+)$/.exec(record.error?.message ?? "")?.[1];
}

/** A4: what the code was handed before it asked for a step is what is recorded. */
function everyReaderSawIt(
  { key, nonce, run, saw }: Executed,
  outcomes: ReadonlyMap<string, readonly HistoryRecord[]>,
): string[] {
  return saw.flatMap((handed) =>
    isRecorded(handed, outcomes)
      ? []
      : [`A4: ${key} of run ${run} was executed as ${nonce} after ${show(handed)}, which is not recorded`],
  );
}

function isRecorded(handed: Handed, outcomes: ReadonlyMap<string, readonly HistoryRecord[]>): boolean {
  return (outcomes.get(handed.key) ?? []).some((record) => isOutcome(handed, record));
}

function isOutcome({ lost, value }: Handed, { error, payload, type }: HistoryRecord): boolean {
  if (type === "failed") return lost === error?.message;
  return lost === undefined && isDeepStrictEqual(value, valueOf(payload));
}

/** A5: the output is made of what is recorded, in its order. What earlier attempts of the run have left is handed out as it is asked for. */
function oneOutput(
  { output, records, run }: Recorded,
  outcomes: ReadonlyMap<string, readonly HistoryRecord[]>,
): string[] {
  if (run.status !== "completed" || output === undefined) return [];
  const isFirst = !records.some(({ kind, type }) => kind === "run" && type === "retrying");
  let last = 0;
  return (valueOf(output) as Output).handed.flatMap((handed) => {
    const record = outcomes.get(handed.key)?.findLast((each) => isOutcome(handed, each));
    if (record === undefined) return [`A5: the output of run ${run.runId} has ${show(handed)}, which is not recorded`];
    if (isFirst && record.seq < last) return [`A5: run ${run.runId} was handed ${show(handed)} out of order`];
    last = record.seq;
    return [];
  });
}

/** A5: what a client was told of the end of a run is how it has ended. A failed run may have been retried since. */
function toldTheTruth({ end, run }: Ledger["told"][number], runs: ReadonlyMap<string, Recorded>): string[] {
  let found = runs.get(run);
  while (found?.continuedAs !== undefined) found = runs.get(found.continuedAs);
  if (found === undefined) return [`A5: a client was told of the end of run ${run}, which is not there`];
  const { error, output } = found;
  if ("output" in end) {
    const isSo = found.run.status === "completed" && isDeepStrictEqual(end.output, valueOf(output));
    return isSo ? [] : [`A5: a client was given another output of run ${run} than the one that is recorded`];
  }
  const isSo = end.code === error?.code && end.message === error.message;
  const wasRetried = found.records.some(({ kind, type }) => kind === "run" && type === "retrying");
  return isSo || wasRetried || found.run.attempt > 1
    ? []
    : [
        `A5: a client was told that run ${run} ended with ${end.message}, and it is ${found.run.status}: ${error?.message}`,
      ];
}

/** C3: a run of which a client was told that it will be cancelled ends so. */
function cancelledForGood(ledger: Ledger, runs: ReadonlyMap<string, Recorded>): string[] {
  return Array.from(ledger.cancelled).flatMap((id) => {
    const status = runs.get(id)?.run.status;
    return status === "cancelled"
      ? []
      : [`C3: a client was told that run ${id} will be cancelled, and it is ${status}`];
  });
}

/** A run fails for a reason that its program, its customer or what went wrong has given it. */
const REASONS =
  /^failed n\d+$|^All promises were rejected$|took longer than \d+ ms$|enough|was cancelled|not wanted any more|given up|has ended|no longer|^run .* (?:was terminated|was taken|took|has taken)|in a row/;

function aGoodReason({ error, run }: Recorded): string[] {
  if (run.status === "completed" || error === undefined || REASONS.test(error.message)) return [];
  return [`A0: run ${run.runId} is ${run.status} because: ${error.code} ${error.message}`];
}

/** A6: an event is taken once, and those of one name in the order in which they were acknowledged. */
function eventsInOrder(ledger: Ledger, runs: ReadonlyMap<string, Recorded>): string[] {
  const takenBy = new Map<string, number>();
  for (const { records, run } of runs.values()) {
    for (const record of records) {
      if (record.kind !== "event" || record.type !== "completed" || record.payload === undefined) continue;
      const key = `${run.runId} ${String(valueOf(record.payload))}`;
      if (takenBy.has(key)) return [`W3: ${key} was taken twice`];
      takenBy.set(key, record.seq);
    }
  }
  return ledger.events.flatMap((sent, index) =>
    ledger.events.slice(0, index).flatMap((before) => {
      if (before.run !== sent.run || before.name !== sent.name || before.ackedAt > sent.sentAt) return [];
      const [first, second] = [before, sent].map(({ payload, run }) => takenBy.get(`${run} ${payload}`));
      if (second === undefined || (first !== undefined && first < second)) return [];
      return [`W4: run ${sent.run} took ${sent.payload} and not ${before.payload}, which was sent before`];
    }),
  );
}

/** A8, L6: no step begins long after a client was told of the end, but on a worker whose clock stood still. */
function nothingAfterTheEnd(
  ledger: Ledger,
  executed: ReadonlyMap<string, readonly Executed[]>,
  { leaseMs, suspended }: CheckOptions,
): string[] {
  if (suspended) return [];
  return ledger.told.flatMap(({ at, end, run }) => {
    // A run that failed may be retried.
    if (!("output" in end)) return [];
    const late = (executed.get(run) ?? []).filter((each) => each.at > at + 3 * leaseMs);
    return late.map(({ key, worker }) => `A8: ${worker} began ${key} of run ${run} long after its end`);
  });
}

/** A9, P7: an attempt is executed again only because something went wrong. */
function fewRepetitions({ run }: Recorded, executed: readonly Executed[], { excuses }: CheckOptions): string[] {
  const counts = new Map<string, number>();
  for (const { attempt, key, runAttempt } of executed) {
    const what = `${key}, attempt ${attempt}/${runAttempt}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return Array.from(counts).flatMap(([what, times]) =>
    times <= 1 + excuses
      ? []
      : [`A9: ${what} of run ${run.runId} was executed ${times} times, with ${excuses} excuses`],
  );
}

/** Every run has ended. */
export function stillOpen(runs: readonly Recorded[]): string[] {
  return runs
    .filter(({ run }) => !isTerminal(run.status))
    .map(({ records, run }) => {
      const last = records.at(-1);
      return `P3: run ${run.runId} is still ${run.status} (epoch ${run.epoch}, last record ${last?.kind} ${last?.name} ${last?.type})`;
    });
}

function groupByRun(executed: readonly Executed[]): ReadonlyMap<string, readonly Executed[]> {
  const groups = new Map<string, Executed[]>();
  for (const each of executed) {
    const group = groups.get(each.run);
    if (group === undefined) groups.set(each.run, [each]);
    else group.push(each);
  }
  return groups;
}

function show({ key, lost, value }: Handed): string {
  return lost === undefined ? `${key} = ${JSON.stringify(value)}` : `${key} failed with ${JSON.stringify(lost)}`;
}
