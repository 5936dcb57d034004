import { KagziError, type Operation, type Run, type RunReference, type Store } from "@kagzi/core";
import { type Operations, ignoreMissing } from "./operations.ts";

/** Runs ended at once at most. */
const BATCH = 200;

/** What ending them needs. */
interface Parts {
  readonly store: Store;
  readonly operations: Operations;
}

/** Ends all runs that were given a time to begin in, to end in or to clean up in, and did not. */
export async function endOverdueRuns({ operations, store }: Parts): Promise<void> {
  for (;;) {
    const overdue = await store.runs.overdue(BATCH);
    await endOverdue({ operations, store }, overdue);
    if (overdue.length < BATCH) return;
  }
}

/** Ends runs that were found to be overdue. One that has ended meanwhile is left alone. */
export async function endOverdue({ operations, store }: Parts, runs: readonly RunReference[]): Promise<void> {
  if (runs.length === 0) return;
  const details = await store.runs.get(runs);
  const found = details.flatMap((detail) => (detail === undefined ? [] : [detail.run]));
  // They have nothing to do with each other: a store that can end several at a time does.
  await Promise.all(found.map((run) => operations.operateOn(run, overdueEnd(run)).catch(ignoreMissing)));
}

function overdueEnd(run: Run): Operation {
  const { cancelError, runId, startedAt } = run;
  if (cancelError !== undefined) {
    const message = `${cancelError.message} (its clean-up did not end in time)`;
    return { do: "end", status: "cancelled", error: { ...cancelError, message } };
  }
  const message =
    startedAt === undefined
      ? `run ${runId} was not picked up in time: give it a longer startTimeout, or start a worker for ${run.workflowType}@${run.version}`
      : `run ${runId} did not end before its deadline: give it a longer timeout, or find out what it waited for`;
  const about = { nonRetryable: true, subject: "run", subjectId: runId };
  return { do: "end", status: "failed", error: new KagziError("TIMEOUT", message, about).detail };
}
