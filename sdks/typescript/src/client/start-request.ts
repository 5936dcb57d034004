import type { MessageInitShape } from "@bufbuild/protobuf";
import type { StartWorkflowRequestSchema } from "@kagzi/proto";
import type { Duration } from "../duration-grammar.ts";
import { durationMs } from "../duration.ts";
import { checkName } from "../names.ts";
import type { Payloads } from "../payload/codec.ts";
import { type RetryOptions, retryOf, toWirePolicy } from "../retry.ts";
import { carried } from "../tracing/carrier.ts";
import type { Workflow } from "../workflow.ts";
import { limitKeysOf } from "../workflow-limits.ts";

/** What may be said of the start of a run. */
export interface RunOptions extends RetryOptions {
  /**
   * The idempotency key: starting again with the same id and input finds the first run. Kept as long as the run.
   */
  readonly id?: string;
  /** -100 to 100, default 0; a higher one goes first. */
  readonly priority?: number;
  /** Not before this long from now. */
  readonly delay?: Duration;
  /** The run fails with TIMEOUT if it has not ended this long after it was first picked up. Default: the workflow's. */
  readonly timeout?: Duration;
  /** The run fails with TIMEOUT if no worker has picked it up this long after it could be. */
  readonly startTimeout?: Duration;
  /** Default: the one that was set for new runs, else the highest that a worker has registered. */
  readonly version?: string;
}

export type WireStart = MessageInitShape<typeof StartWorkflowRequestSchema>;

/** A workflow, or its name. */
export type WorkflowOrName<Input = unknown, Output = unknown> = string | Workflow<Input, Output>;

/** The name of a workflow. @throws KagziError `INVALID_ARGUMENT` */
export function nameOf(workflow: WorkflowOrName): string {
  return checkName("the name of a workflow", typeof workflow === "string" ? workflow : workflow.name);
}

/** A start for the wire, its input as it is given. @throws KagziError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE` */
export function startRequest(
  workflow: WorkflowOrName,
  item: RunOptions & { readonly input: unknown },
  settings: { readonly namespace: string; readonly payloads: Payloads; readonly runId: string },
): WireStart & { readonly runId: string } {
  const workflowType = nameOf(workflow);
  const what = `the input of workflow ${JSON.stringify(workflowType)}`;
  const input = carried(settings.payloads.encode(item.input, "input", what));
  const retry = retryOf(item, `the start of ${JSON.stringify(workflowType)}`);
  const { startTimeout, timeout, version } = item;
  const isHidden = settings.payloads.isCoded && typeof workflow !== "string";
  return {
    namespaceId: settings.namespace,
    runId: settings.runId,
    workflowType,
    priority: item.priority ?? 0,
    delayMs: BigInt(item.delay === undefined ? 0 : durationMs(item.delay, "delay")),
    ...(item.id !== undefined && { externalId: checkName("an id", item.id) }),
    ...(version !== undefined && { version: checkName("a version", version) }),
    ...(timeout !== undefined && { timeoutMs: BigInt(durationMs(timeout, "timeout")) }),
    ...(startTimeout !== undefined && { startTimeoutMs: BigInt(durationMs(startTimeout, "startTimeout")) }),
    ...(input !== undefined && { input }),
    ...(isHidden && { limitKeys: limitKeysOf(workflow.limits, item.input) }),
    ...(retry !== undefined && { retryPolicy: toWirePolicy(retry) }),
  };
}
