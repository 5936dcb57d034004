import type { ExplainWorkflowResponse, WaitingFor } from "@kagzi/proto";
import { WaitingFor_Reason as Reason } from "@kagzi/proto";
import type { RecordView } from "./output.ts";
import { runStatus } from "./status.ts";
import { dateOf } from "./times.ts";

/** An explanation for people. */
export function explanationFields(answer: ExplainWorkflowResponse): RecordView["fields"] {
  return [
    ["run", answer.runId],
    ["workflow", `${answer.workflowType}@${answer.version}`],
    ["status", runStatus(answer.status)],
    ...answer.reasons.map(
      (reason, index) => [index === 0 ? "because" : "and", [reason.message, ...detailsOf(reason)].join("\n")] as const,
    ),
    ["next", answer.next],
  ];
}

const WITH_SINCE: ReadonlySet<Reason> = new Set([Reason.EVENT, Reason.CHILD_WORKFLOW, Reason.WORKER]);

/** What the sentence leaves out. */
function detailsOf({ heardAt, holderRunIds, reason, since, workers }: WaitingFor): readonly string[] {
  return [
    ...(WITH_SINCE.has(reason) && since !== undefined ? [`since ${dateOf(since)?.toISOString() ?? ""}`] : []),
    ...(heardAt === undefined ? [] : [`its worker was heard of at ${dateOf(heardAt)?.toISOString() ?? ""}`]),
    ...(reason === Reason.SLOT ? workers : []).map(
      ({ slots, taken, workerId }) => `worker ${workerId}: ${taken} of ${slots} slots`,
    ),
    ...(reason === Reason.SLOT ? holderRunIds : []).map((runId) => `held by run ${runId}`),
  ];
}
