import { type HeartbeatResponse, RunAck_Result as Result, type WorkRequest, type WorkResponse } from "@kagzi/proto";

/** A message of a stream, for a line of the trace. */
export function describeMessage(message: unknown): string {
  const parts = message as Partial<Omit<WorkRequest, "$typeName"> & Omit<WorkResponse, "$typeName">>;
  return [
    ...(parts.hello === undefined ? [] : [`hello holding ${parts.hello.held.map(leaseOf).join(",") || "nothing"}`]),
    ...(parts.updates ?? []).map(describeUpdate),
    ...(parts.tasks ?? []).map(
      (task) => `task ${leaseOf(task)} with ${task.history.length} of ${task.lastSeq} records`,
    ),
    ...(parts.acks ?? []).map((ack) => `${Result[ack.result].toLowerCase()} ${leaseOf(ack)} to ${ack.seq}`),
    ...(parts.cancelRunIds ?? []).map((runId) => `drop ${short(runId)}`),
    ...(parts.signals ?? []).map((each) => `signals ${leaseOf(each)}: ${each.count}, ${each.messages.length} messages`),
    ...(parts.drain === true ? ["drain"] : []),
  ].join("; ");
}

function describeUpdate({ afterSeq, commands, epoch, outcome, runId }: WorkRequest["updates"][number]): string {
  const said = commands.map(({ command, occurrence, stepName }) => `${command.case} ${stepName}#${occurrence}`);
  const end = outcome.case === undefined ? [] : [outcome.case];
  return `update ${leaseOf({ runId, epoch })} after ${afterSeq}: ${[...said, ...end].join(", ")}`;
}

/** What a worker hears in answer to its heartbeat. */
export function describeAnswer(answer: unknown): string {
  const { lost } = answer as Partial<HeartbeatResponse>;
  return lost === undefined || lost.length === 0 ? "answered" : `answered: lost ${lost.map(leaseOf).join(",")}`;
}

function leaseOf({ epoch, runId }: { readonly epoch: number; readonly runId: string }): string {
  return `${short(runId)}/${epoch}`;
}

/** Runs of a seed differ in the last part of their ids. */
function short(runId: string): string {
  return runId.slice(-6);
}
