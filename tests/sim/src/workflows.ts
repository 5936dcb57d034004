import { type Context, Retry, type Workflow, workflow } from "kagzi";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { Executed, Ledger } from "./ledger.ts";
import { Code, type Handed, type Programs, type StepCall } from "./programs.ts";
import { type Life, stopFor } from "./world.ts";

/** Which program a run is of, and how often it begins anew when it has come to its end. */
export interface Input {
  readonly program: number;
  readonly again: number;
}

/** Everything that the code was handed, in order. */
export interface Output {
  readonly handed: readonly Handed[];
}

export type WorkflowName = "main" | "child" | "retried" | "held" | "subscriber";

/** What the code of runs works with. */
export interface WorkflowParts {
  readonly programs: Programs;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly chance: Chance;
  readonly leaseMs: number;
  /** Those that this seed has. */
  readonly names: readonly WorkflowName[];
  /** Runs of `held` at once. */
  readonly atOnce: number;
}

/** The workflows as a worker's process has them. `retried` has retries of its own, `held` is held back. */
export function workflowsOf(life: Life, parts: WorkflowParts): readonly Workflow<unknown, unknown>[] {
  const run = (ctx: Context, input: Input) => runProgram(ctx, input, life, parts);
  const all: Readonly<Record<WorkflowName, Workflow<Input, Output>>> = {
    main: workflow<Input, Output>("main", run),
    child: workflow<Input, Output>("child", run),
    retried: workflow<Input, Output>("retried", { retry: Retry.fixed(1, 100) }, run),
    held: workflow<Input, Output>("held", { concurrency: parts.atOnce }, run),
    subscriber: workflow<Input, Output>("subscriber", { on: "started" }, (ctx) => run(ctx, { program: 0, again: 0 })),
  };
  return parts.names.map((name) => all[name]);
}

async function runProgram(ctx: Context, input: Input, life: Life, parts: WorkflowParts): Promise<Output> {
  const program = parts.programs.list[input.program];
  if (program === undefined) throw new Error(`there is no program ${input.program}`);
  const code = new Code(ctx, (call) => execute(ctx, call, life, parts));
  await code.run(program);
  if (input.again > 0) return ctx.continueAsNew({ ...input, again: input.again - 1 });
  return { handed: code.handed };
}

/** The function of a step: takes its time, and gives what no other execution gives. */
async function execute(ctx: Context, call: StepCall, life: Life, parts: WorkflowParts): Promise<string> {
  const { chance, faults, ledger, leaseMs } = parts;
  const { attempt, key, leaf, saw } = call;
  const { process } = life;
  const nonce = ledger.nonce();
  const executed: Executed = {
    run: ctx.runId,
    key,
    attempt,
    runAttempt: ctx.attempt,
    worker: `${process.name}/${life.number}`,
    at: process.world.now,
    nonce,
    saw,
    ended: undefined,
  };
  ledger.executed.push(executed);
  process.world.note(process.name, `executes ${key} (attempt ${attempt}) of ${ctx.runId} as ${nonce}`);
  if (faults.happens("worker stopped in a step, beyond its lease")) stopFor(process, chance.between(1, 1.7) * leaseMs);
  const ms = faults.happens("step beyond the lease") ? chance.between(1, 2) * leaseMs : leaf.ms * chance.next();
  await new Promise<void>((resolve) => life.in(ms, `${nonce} ends`, resolve));
  executed.ended = attempt <= leaf.fails ? "threw" : "gave";
  if (executed.ended === "threw") throw new Error(`failed ${nonce}`);
  return nonce;
}
