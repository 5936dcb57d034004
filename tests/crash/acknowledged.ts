import { type RunDetail, type RunId, type Store, checkNamespaceId, isTerminal, stepsOf } from "@kagzi/core";
import type { LedgerLine } from "@kagzi/test-support";

/** What the engine said is done. */
export type Acknowledged =
  /** A client was told that its run is started. */
  | { readonly kind: "start"; readonly run: string }
  /** A client was told that its event is kept. */
  | { readonly kind: "send"; readonly run: string; readonly event: string }
  /** A client was told that the run is being cancelled. */
  | { readonly kind: "cancel"; readonly run: string }
  /** A client was given the result of a run. */
  | { readonly kind: "result"; readonly run: string; readonly output: string }
  /** A worker was told that a step is recorded: it began one that must not begin before. */
  | { readonly kind: "step"; readonly run: string; readonly nonce: string };

/** What a line of the ledger says was acknowledged. */
export function acknowledgedBy(line: LedgerLine): readonly Acknowledged[] {
  switch (line.kind) {
    case "ackStart":
      return [{ kind: "start", run: line.run }];
    case "ackSend":
      return [{ kind: "send", run: line.run, event: line.event }];
    case "ackResult":
      return [{ kind: "result", run: line.run, output: line.output }];
    case "exec":
      return line.saw.map((nonce) => ({ kind: "step", run: line.run, nonce }));
    default:
      return [];
  }
}

const NAMESPACE = checkNamespaceId("default");
const PAGE_BYTES = 1024 * 1024;
const RUNS_AT_ONCE = 100;

/** What was acknowledged and is not in the store: one line for each. */
export async function missing(store: Store, all: readonly Acknowledged[]): Promise<readonly string[]> {
  const runs = new Map<string, Acknowledged[]>();
  for (const each of all) {
    const known = runs.get(each.run);
    if (known === undefined) runs.set(each.run, [each]);
    else known.push(each);
  }
  const found: string[] = [];
  const batches = [...runs.values()];
  while (batches.length > 0) found.push(...(await missingOf(store, batches.splice(0, RUNS_AT_ONCE))));
  return found;
}

/** Of each of these runs. */
async function missingOf(store: Store, runs: readonly (readonly Acknowledged[])[]): Promise<readonly string[]> {
  const references = runs.map(([first]) => ({ namespaceId: NAMESPACE, runId: first?.run as RunId }));
  const details = await store.runs.get(references);
  const found = await Promise.all(
    runs.map(async (acknowledged, index) => {
      const detail = details[index];
      const lost = detail === undefined ? acknowledged : await lostOf(store, detail, acknowledged);
      return lost.map(({ kind, run }) => `${kind} of run ${run} was acknowledged and is lost`);
    }),
  );
  return found.flat();
}

async function lostOf(store: Store, detail: RunDetail, acknowledged: readonly Acknowledged[]) {
  const outputs = await outputsOf(store, detail);
  const kept = await Promise.all(acknowledged.map((each) => isKept({ store, detail, outputs }, each)));
  return acknowledged.filter((_, index) => kept[index] !== true);
}

interface Kept {
  readonly store: Store;
  readonly detail: RunDetail;
  /** What its steps gave. */
  readonly outputs: ReadonlySet<string>;
}

async function isKept({ detail, outputs, store }: Kept, what: Acknowledged): Promise<boolean> {
  const { output, run } = detail;
  switch (what.kind) {
    case "start":
      return true;
    case "send":
      return store.inbox.knows(run, what.event);
    case "cancel":
      return run.status === "cancelled" || (!isTerminal(run.status) && run.cancelError !== undefined);
    case "result":
      return run.status === "completed" && text(output?.data) === JSON.stringify(what.output);
    default:
      return outputs.has(JSON.stringify(what.nonce));
  }
}

async function outputsOf(store: Store, { run }: RunDetail): Promise<ReadonlySet<string>> {
  const position = { namespaceId: run.namespaceId, runId: run.runId, afterSeq: 0 };
  const [page] = await store.history.read([position], PAGE_BYTES);
  const steps = stepsOf(page?.records ?? []).values();
  return new Set(Array.from(steps, (step) => (step.status === "completed" ? text(step.output?.data) : "")));
}

function text(data: Uint8Array | undefined): string {
  return Buffer.from(data ?? []).toString();
}
