import type { Explanation, WaitingFor } from "kagzi";

/** An explanation for people. */
export function explanationAsText(explanation: Explanation): string {
  const { id, next, reasons, status, version, workflow } = explanation;
  const lines = [
    ["run", id],
    ["workflow", `${workflow}@${version}`],
    ["status", status],
    ...reasons.flatMap((reason, index) => [
      [index === 0 ? "because" : "and", reason.message],
      ...detailsOf(reason).map((detail) => ["", detail]),
    ]),
    ["next", next],
  ];
  return lines.map(([name = "", text = ""]) => `${name.padEnd(10)}${text}`).join("\n") + "\n";
}

/** An explanation for scripts: times as ISO 8601, errors with their code and message. */
export function explanationAsJson(explanation: Explanation): string {
  const reasons = explanation.reasons.map(({ error, ...reason }) => ({
    ...reason,
    ...(error !== undefined && { error: { code: error.code, message: error.message } }),
  }));
  return `${JSON.stringify({ ...explanation, reasons }, undefined, 2)}\n`;
}

/** What the sentence leaves out. */
function detailsOf({ heardAt, reason, since, slots }: WaitingFor): readonly string[] {
  const hasSince = since !== undefined && (reason === "event" || reason === "child" || reason === "worker");
  return [
    ...(hasSince ? [`since ${since.toISOString()}`] : []),
    ...(heardAt === undefined ? [] : [`its worker was heard of at ${heardAt.toISOString()}`]),
    ...(slots?.workers ?? []).map(({ slots: all, taken, workerId }) => `worker ${workerId}: ${taken} of ${all} slots`),
    ...(slots?.holders ?? []).map((runId) => `held by run ${runId}`),
  ];
}
