import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Context } from "./context/context.ts";
import type { Duration } from "./duration-grammar.ts";
import { durationMs } from "./duration.ts";
import { KagziError } from "./error.ts";
import { checkName } from "./names.ts";
import { type RetryOptions, type RetryPolicy, retryOf } from "./retry.ts";
import { type LimitOptions, type WorkflowLimits, limitsOf } from "./workflow-limits.ts";
import { type DeclaredSchedule, type ScheduleDeclarations, declaredSchedules } from "./schedule.ts";

/** What may be said of a workflow beside its name and its function. */
export interface WorkflowOptions<Input = unknown> extends RetryOptions, LimitOptions {
  /** Which version of the workflow this is; default `"1"`. A run stays on the version it started on. */
  readonly version?: string;
  /** How long a run may take from its first start; after that it fails with TIMEOUT. One that is given at the start goes before it. */
  readonly timeout?: Duration;
  /**
   * The name of an event, or several: each event of that name starts a run, with the event's payload as its input. Of the
   * versions of a workflow the one counts that new runs take.
   */
  readonly on?: string | readonly string[];
  /** Checks and types the input: any Standard Schema (zod, valibot, arktype …). */
  readonly input?: StandardSchemaV1<unknown, Input>;
  /**
   * When runs of it start by themselves: a cron expression, a schedule, or several. Kept in step with the code when a worker
   * registers the version that new runs take.
   */
  readonly schedule?: ScheduleDeclarations<NoInfer<Input>>;
}

/** The function of a workflow. It may run many times for one run: what has effects belongs into steps. */
export type WorkflowFunction<Input, Output> = (ctx: Context, input: Input) => Output | Promise<Output>;

/** A workflow: a name, a version and a function. Made by {@link workflow}. */
export interface Workflow<Input, Output> {
  readonly name: string;
  readonly version: string;
  readonly schema: StandardSchemaV1<unknown, Input> | undefined;
  readonly timeoutMs: number | undefined;
  /** Names of events that start it. */
  readonly on: readonly string[];
  /** The run's own retries, for when the function throws. */
  readonly retry: RetryPolicy | undefined;
  /** How its runs are held back. */
  readonly limits: WorkflowLimits;
  /** Those that stand in its code. */
  readonly schedules: readonly DeclaredSchedule[];
  /** A method, so that a workflow of some input counts as a workflow of any. */
  run(ctx: Context, input: Input): Output | Promise<Output>;
}

/**
 * Defines a workflow: an ordinary async function, whose steps are remembered.
 * @throws KagziError `INVALID_ARGUMENT` for a name, version or option that none can have
 */
export function workflow<Input = void, Output = void>(
  name: string,
  fn: WorkflowFunction<Input, Output>,
): Workflow<Input, Output>;
export function workflow<Input, Output>(
  name: string,
  options: WorkflowOptions<Input>,
  fn: WorkflowFunction<Input, Output>,
): Workflow<Input, Output>;
export function workflow<Input, Output>(
  name: string,
  second: WorkflowOptions<Input> | WorkflowFunction<Input, Output>,
  third?: WorkflowFunction<Input, Output>,
): Workflow<Input, Output> {
  const options = typeof second === "function" ? {} : second;
  const fn = typeof second === "function" ? second : third;
  checkName("the name of a workflow", name);
  if (typeof fn !== "function") {
    throw new KagziError("INVALID_ARGUMENT", `workflow ${JSON.stringify(name)} has no function`);
  }
  return {
    name,
    version: checkName(`the version of workflow ${JSON.stringify(name)}`, options.version ?? "1"),
    schema: options.input,
    timeoutMs:
      options.timeout === undefined
        ? undefined
        : durationMs(options.timeout, `the timeout of workflow ${JSON.stringify(name)}`),
    on: options.on === undefined ? [] : eventNames(name, options.on),
    retry: retryOf(options, `workflow ${JSON.stringify(name)}`),
    limits: limitsOf(options, `of workflow ${JSON.stringify(name)}`),
    schedules: declaredSchedules(name, options.schedule as ScheduleDeclarations<never> | undefined),
    run: fn,
  };
}

function eventNames(workflowName: string, on: string | readonly string[]): readonly string[] {
  const what = `an event that starts workflow ${JSON.stringify(workflowName)}`;
  const names = (Array.isArray(on) ? on : [on]).map((name) => checkName(`the name of ${what}`, name));
  if (names.length === 0) {
    throw new KagziError(
      "INVALID_ARGUMENT",
      `on of workflow ${JSON.stringify(workflowName)} names no event: leave it out`,
    );
  }
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice === undefined) return names;
  throw new KagziError("INVALID_ARGUMENT", `${what} is named twice: ${JSON.stringify(twice)}`);
}

/**
 * Checks an input against the workflow's schema, and gives what the schema makes of it.
 * @throws KagziError `INVALID_ARGUMENT` with every issue and its path
 */
export async function checkInput<Input>(definition: Workflow<Input, unknown>, input: unknown): Promise<Input> {
  const { name, schema } = definition;
  if (schema === undefined) return input as Input;
  const result = await schema["~standard"].validate(input);
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map((issue) => `${pathOf(issue)}: ${issue.message}`);
  throw new KagziError(
    "INVALID_ARGUMENT",
    `the input of workflow ${JSON.stringify(name)} is not valid: ${issues.join("; ")}`,
    {
      subject: "workflow",
      subjectId: name,
    },
  );
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  const keys = issue.path?.map((part) => String(typeof part === "object" ? part.key : part)) ?? [];
  return ["input", ...keys].join(".");
}
