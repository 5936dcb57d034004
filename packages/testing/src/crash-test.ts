import { inspect, isDeepStrictEqual } from "node:util";
import type { WorkResponse } from "@kagzi/proto";
import { KagziError, type RunHandle, type Workflow } from "kagzi";
import type { TestEnvironment } from "./environment.ts";

/** What a crash test did. */
export interface CrashReport {
  /** After how many records the worker was lost, each in a run of its own. */
  readonly crashes: number;
  /** How often functions of steps were executed over all of that, the first run included. */
  readonly executions: number;
}

type Make = (onMessage: (message: WorkResponse) => void) => Promise<TestEnvironment>;

interface Ended {
  readonly end: { readonly output: unknown } | { readonly error: string };
  readonly records: number;
  readonly executions: ReadonlyMap<string, number>;
}

/** See {@link TestEnvironment.crashTest}. */
export async function crashTest<Input, Output>(
  make: Make,
  workflow: Workflow<Input, Output>,
  input: Input,
): Promise<CrashReport> {
  const whole = await runOnce(make, workflow, input, Number.POSITIVE_INFINITY);
  let executions = sum(whole.executions);
  // The first record is the start, and after the last one nothing is left to be done.
  for (let after = 2; after < whole.records; after++) {
    const crashed = await runOnce(make, workflow, input, after);
    executions += sum(crashed.executions);
    if (isDeepStrictEqual(crashed.end, whole.end)) continue;
    throw new Error(
      `with a crash after record ${after} of ${whole.records}, ${workflow.name} ended with ${show(crashed.end)} instead of ` +
        `${show(whole.end)}: what depends on time, chance or the world belongs into steps (or ctx.now, ctx.random, ctx.uuid)`,
    );
  }
  return { crashes: Math.max(0, whole.records - 2), executions };
}

/** Runs the workflow, its worker lost when its `after`-th record is written. */
async function runOnce<Input, Output>(
  make: Make,
  workflow: Workflow<Input, Output>,
  input: Input,
  after: number,
): Promise<Ended> {
  let crashing: Promise<{ readonly inFlight: readonly string[] }> | undefined;
  let watch: ((message: WorkResponse) => void) | undefined;
  const environment = await make((message) => watch?.(message));
  try {
    let runId = "";
    watch = ({ acks }) => {
      const isThere = acks.some((ack) => ack.runId === runId && ack.seq >= after);
      if (isThere) crashing ??= environment.crash();
    };
    // The id is known before anything of the run can be heard of.
    const run = await environment.client.start(workflow, input, { delay: 1 });
    runId = run.id;
    const end = await endOf(run);
    const inFlight = new Set((await crashing)?.inFlight);
    checkExecutions(environment.executions, inFlight, after);
    const { records } = await environment.client.runs.history(run.id);
    return { end, records: records.length, executions: environment.executions };
  } finally {
    await environment.close();
  }
}

/** A function that was running when its worker was lost runs again; every other one has run once for each attempt. */
function checkExecutions(executions: ReadonlyMap<string, number>, inFlight: ReadonlySet<string>, after: number): void {
  for (const [what, times] of executions) {
    if (times <= (inFlight.has(what) ? 2 : 1)) continue;
    throw new Error(`with a crash after record ${after}, ${what} was executed ${times} times though it was recorded`);
  }
}

async function endOf(run: RunHandle<unknown>): Promise<Ended["end"]> {
  try {
    return { output: await run.result() };
  } catch (error) {
    return {
      error:
        error instanceof KagziError ? `${error.code}: ${error.message.replaceAll(run.id, "<run>")}` : String(error),
    };
  }
}

function sum(executions: ReadonlyMap<string, number>): number {
  return Array.from(executions.values()).reduce((total, times) => total + times, 0);
}

function show(end: Ended["end"]): string {
  return "error" in end ? `the error ${end.error}` : inspect(end.output, { depth: 5 });
}
