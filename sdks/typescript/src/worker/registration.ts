import type { MessageInitShape } from "@bufbuild/protobuf";
import type { StandardJSONSchemaV1 } from "@standard-schema/spec";
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
  const inputSchema = inputSchemaOf(workflow);
  return {
    workflowType: name,
    version,
    ...toWireLimits(limits),
    on: [...on],
    ...(inputSchema !== undefined && { inputSchema }),
    ...(timeoutMs !== undefined && { timeoutMs: BigInt(timeoutMs) }),
    schedules: await Promise.all(schedules.map((schedule) => wireSchedule(workflow, schedule, payloads))),
  };
}

/** As the server takes it, in characters. */
const LONGEST_SCHEMA = 32 * 1024;

/** The JSON Schema of the input, where the schema library tells it (Standard JSON Schema). Forms are made from it. */
export function inputSchemaOf({ schema }: Workflow<unknown, unknown>): string | undefined {
  const { jsonSchema } = (schema?.["~standard"] ?? {}) as Partial<StandardJSONSchemaV1.Props>;
  if (typeof jsonSchema?.input !== "function") return undefined;
  try {
    const text = JSON.stringify(jsonSchema.input({ target: "draft-2020-12" }));
    return text.length > LONGEST_SCHEMA ? undefined : text;
  } catch {
    // There are types that JSON Schema has no words for. Nothing but a form is lost.
    return undefined;
  }
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
