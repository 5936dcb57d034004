import type { MessageInitShape } from "@bufbuild/protobuf";
import type { DeclaredScheduleSchema, WorkflowVersionSchema } from "@kagzi/proto";
import type { Payloads } from "../payload/codec.ts";
import { type DeclaredSchedule, inputToBeMade, wireRules, wireTiming } from "../schedule.ts";
import { type Workflow, checkInput } from "../workflow.ts";
import { toWireLimits } from "../workflow-limits.ts";

/** A workflow as a worker registers it, with what its code says of events, limits and schedules. @throws KagziError `INVALID_ARGUMENT` */
export async function wireWorkflow(
  workflow: Workflow<unknown, unknown>,
  payloads: Payloads,
): Promise<MessageInitShape<typeof WorkflowVersionSchema>> {
  const { limits, name, on, schedules, timeoutMs, version } = workflow;
  return {
    workflowType: name,
    version,
    ...toWireLimits(limits),
    on: [...on],
    ...(timeoutMs !== undefined && { timeoutMs: BigInt(timeoutMs) }),
    schedules: await Promise.all(schedules.map((schedule) => wireSchedule(workflow, schedule, payloads))),
  };
}

async function wireSchedule(
  workflow: Workflow<unknown, unknown>,
  schedule: DeclaredSchedule,
  payloads: Payloads,
): Promise<MessageInitShape<typeof DeclaredScheduleSchema>> {
  const what = `schedule ${JSON.stringify(schedule.id)} of workflow ${JSON.stringify(workflow.name)}`;
  const input = await wireInput(workflow, schedule, payloads);
  const { timezone, ...timing } = wireTiming(schedule, what);
  return {
    scheduleId: schedule.id,
    ...timing,
    ...(timezone !== undefined && { timezone }),
    ...wireRules(schedule, what),
    ...(input !== undefined && { input }),
  };
}

async function wireInput(workflow: Workflow<unknown, unknown>, { id, input }: DeclaredSchedule, payloads: Payloads) {
  if (typeof input === "function") return inputToBeMade();
  return payloads.encode(await checkInput(workflow, input), "input", `the input of schedule ${JSON.stringify(id)}`);
}
