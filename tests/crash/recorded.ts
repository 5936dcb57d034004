import { type Payload, type RunReference, type Step, type Store, formatStepKey, stepsOf } from "@kagzi/core";
import type { RecordedRun } from "./check.ts";

const PAGE = 500;

/** Every run that a store has, with its steps and those of its child, read without the engine. */
export async function recordedRuns(store: Store, namespaceId: RunReference["namespaceId"]): Promise<RecordedRun[]> {
  const all = await everyRun(store, namespaceId);
  const children = all.filter(({ parent }) => parent !== undefined);
  return all.flatMap((run) => {
    if (run.parent !== undefined) return [];
    const own = children.filter(({ parent }) => parent === run.run);
    return [{ ...run, steps: [...run.steps, ...own.flatMap((child) => child.steps)] }];
  });
}

type Described = RecordedRun & { readonly parent: string | undefined };

async function everyRun(store: Store, namespaceId: RunReference["namespaceId"]): Promise<Described[]> {
  const recorded: Described[] = [];
  for (;;) {
    const before = recorded.at(-1)?.run;
    const runs = await store.runs.list(
      { namespaceId, statuses: [] },
      { limit: PAGE, ...(before !== undefined && { before: before as RunReference["runId"] }) },
    );
    if (runs.length === 0) return recorded;
    const details = await store.runs.get(runs);
    for (const detail of details) if (detail !== undefined) recorded.push(await describeRun(store, detail));
  }
}

type Detail = NonNullable<Awaited<ReturnType<Store["runs"]["get"]>>[number]>;

async function describeRun(store: Store, { output, run }: Detail): Promise<Described> {
  const position = { namespaceId: run.namespaceId, runId: run.runId, afterSeq: 0 };
  const [page] = await store.history.read([position], 1024 * 1024);
  const steps = Array.from(stepsOf(page?.records ?? []).values()).filter(({ kind }) => kind === "function");
  return {
    run: run.runId,
    parent: run.parent?.runId,
    key: run.externalId ?? "",
    status: run.status,
    output: text(output),
    steps: steps.map((step) => ({ name: formatStepKey(step), status: step.status, output: outputOf(step) })),
  };
}

function outputOf(step: Step): string | undefined {
  return step.status === "completed" ? text(step.output) : undefined;
}

function text(payload: Payload | undefined): string | undefined {
  return payload === undefined ? undefined : (JSON.parse(Buffer.from(payload.data).toString()) as string);
}
