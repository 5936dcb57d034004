import type { ExplainWorkflowResponse, HistoryRecord, RunningStep, Workflow } from "@kagzi/proto";
import { useRef } from "react";
import { useNamespace } from "../../app/namespace.tsx";
import { api } from "../../client/api.ts";
import { type Live, useLive } from "../../client/use-live.ts";
import { hasEnded } from "../../components/status.tsx";

/** Everything that a look at a run shows. */
export interface RunView {
  readonly run: Workflow;
  /** Without payloads. */
  readonly records: readonly HistoryRecord[];
  readonly running: readonly RunningStep[];
  /** Why it is not moving; absent once it has ended. */
  readonly explanation: ExplainWorkflowResponse | undefined;
}

const EVERY_MS = 1000;
/** A run that has ended may be retried by somebody else. */
const EVERY_WHEN_ENDED_MS = 10_000;

/** Follows a run: of its history only what is new is asked for. */
export function useRun(runId: string): Live<RunView> {
  const namespaceId = useNamespace();
  const seen = useRef<readonly HistoryRecord[]>([]);
  const run = { namespaceId, runId };
  return useLive({
    key: `${namespaceId}/${runId}`,
    load: async (signal) => {
      const before = seen.current[0] === undefined ? [] : seen.current;
      const [{ workflow }, history] = await Promise.all([
        api.workflows.getWorkflow(run, { signal }),
        readNew(run, before, signal),
      ]);
      if (workflow === undefined) throw new Error("the server told nothing of the run");
      const explanation = hasEnded(workflow.status) ? undefined : await api.workflows.explainWorkflow(run, { signal });
      seen.current = history.records;
      return { run: workflow, explanation, ...history };
    },
    every: (view) => (hasEnded(view.run.status) ? EVERY_WHEN_ENDED_MS : EVERY_MS),
  });
}

interface RunReference {
  readonly namespaceId: string;
  readonly runId: string;
}

async function readNew(
  run: RunReference,
  before: readonly HistoryRecord[],
  signal: AbortSignal,
): Promise<Pick<RunView, "records" | "running">> {
  const records = [...before];
  for (;;) {
    const afterSeq = records.at(-1)?.seq ?? 0;
    const page = await api.admin.listHistory({ ...run, afterSeq, omitPayloads: true }, { signal });
    records.push(...page.records);
    if (!page.hasMore)
      return {
        records: page.records.length === 0 && records.length === before.length ? before : records,
        running: page.running,
      };
  }
}
