import type { ExplainWorkflowResponse } from "@kagzi/proto";
import { call } from "../calls.ts";
import type { ClientScope } from "./scope.ts";
import { type RunStatus, fromWireStatus } from "./run-status.ts";
import { type WaitingFor, toWaitingFor } from "./waiting-for.ts";

/** In what state a run is, why it is not moving, and what to do about it. */
export interface Explanation {
  readonly id: string;
  readonly workflow: string;
  readonly version: string;
  readonly status: RunStatus;
  /** Never empty; what holds the run back most comes first. */
  readonly reasons: readonly WaitingFor[];
  /** What to do about the first of them. */
  readonly next: string;
}

/** Asks for an explanation of a run. @throws KagziError `NOT_FOUND` */
export async function explain(scope: ClientScope, runId: string): Promise<Explanation> {
  const { connection, namespace: namespaceId, runtime } = scope;
  return toExplanation(
    await call({ runtime }, (options) => connection.workflows.explainWorkflow({ namespaceId, runId }, options)),
  );
}

function toExplanation(answer: ExplainWorkflowResponse): Explanation {
  const { next, reasons, runId: id, status, version, workflowType: workflow } = answer;
  return { id, workflow, version, status: fromWireStatus(status), reasons: reasons.map(toWaitingFor), next };
}
