import type { ErrorDetail, Workflow } from "@kagzi/proto";
import { api } from "./api.ts";

/** Lists of runs come without their errors: they are asked for one by one, and kept while the page is open. */
const known = new Map<string, ErrorDetail | undefined>();

/** Failed runs, each with its error. Runs that are gone by now have none. */
export async function withErrors(runs: readonly Workflow[], signal: AbortSignal): Promise<readonly Workflow[]> {
  return Promise.all(
    runs.map(async (run) => {
      const error = await errorOf(run, signal);
      return error === undefined ? run : { ...run, error };
    }),
  );
}

async function errorOf(run: Workflow, signal: AbortSignal): Promise<ErrorDetail | undefined> {
  const { finishedAt, namespaceId, runId } = run;
  // One that was retried may fail of something else.
  const key = `${runId} ${finishedAt?.seconds} ${finishedAt?.nanos}`;
  if (known.has(key)) return known.get(key);
  try {
    // Unlike GetWorkflow it brings no input. The run has ended: there is nothing to wait for.
    const { workflow } = await api.workflows.waitWorkflow({ namespaceId, runId, timeoutMs: 1n }, { signal });
    known.set(key, workflow?.error);
    return workflow?.error;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return undefined;
  }
}
