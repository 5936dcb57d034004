import type { Payload } from "@kagzi/proto";
import { KagziError } from "../error.ts";
import type { Payloads } from "../payload/codec.ts";
import { INPUT_STEP, isToBeMade } from "../schedule.ts";
import { type Workflow, checkInput } from "../workflow.ts";
import type { CodeSide } from "./code-host.ts";
import type { WorkerTask } from "./task.ts";

/** What the input of a run is found in. */
export interface Started {
  readonly workflow: Workflow<unknown, unknown>;
  readonly task: Pick<WorkerTask, "runId" | "schedule">;
  readonly replay: { readonly input: Payload | undefined; readonly now: number };
  readonly payloads: Payloads;
}

/**
 * What a run was started with, as its workflow's schema has it; or what its schedule's code makes of the time, which is
 * remembered like a step.
 */
export async function inputOf(started: Started, ask: CodeSide["ask"]): Promise<unknown> {
  return checkInput(started.workflow, await given(started, ask));
}

function given({ payloads, replay, task, workflow }: Started, ask: CodeSide["ask"]): unknown {
  if (!isToBeMade(replay.input)) return payloads.decode(replay.input);
  const { id: scheduleId, scheduledAt = new Date(replay.now) } = task.schedule ?? {};
  const fn = () => makeInput(workflow, { scheduleId, scheduledAt });
  const request = { name: INPUT_STEP, fn, input: undefined, timeoutMs: undefined, retry: undefined, limit: undefined };
  return ask({ name: INPUT_STEP, kind: "function", request }, (payload) => payloads.decode(payload));
}

async function makeInput(
  workflow: Workflow<unknown, unknown>,
  fire: { readonly scheduleId: string | undefined; readonly scheduledAt: Date },
): Promise<unknown> {
  const { scheduleId = "", scheduledAt } = fire;
  const input = workflow.schedules.find(({ id }) => id === scheduleId)?.input;
  if (typeof input === "function") return input({ scheduleId, scheduledAt });
  throw new KagziError(
    "PRECONDITION_FAILED",
    `the input of the run is to be made by schedule ${JSON.stringify(scheduleId)}, and ${workflow.name}@${workflow.version} ` +
      "has no such schedule with a function for it: put it back, or start the run again with an input",
    { nonRetryable: true, subject: "schedule", subjectId: scheduleId },
  );
}
