import { AsyncLocalStorage } from "node:async_hooks";
import { KagziError } from "../error.ts";

/** Whose code is running, across awaits. */
interface Scope {
  readonly runId: string;
  /** In a step's function; absent in the workflow's. */
  readonly step?: string;
  /** Of the step. */
  readonly attempt?: number;
  /** A promise of this code was rejected, and nobody handles it. */
  readonly onStray: (reason: unknown, where: string) => void;
}

const scope = new AsyncLocalStorage<Scope>();

/** Runs the function of a workflow. */
export function inRun<Result>(runId: string, onStray: Scope["onStray"], run: () => Result): Result {
  return scope.run({ runId, onStray }, run);
}

/** Runs the function of a step. */
export function inStep<Result>(step: string, of: Omit<Scope, "step">, run: () => Result): Result {
  return scope.run({ ...of, step }, run);
}

/**
 * Steps do not nest: what a step does is recorded as one, so a step or a wait within it would be lost or done twice.
 * @throws KagziError `PRECONDITION_FAILED`
 */
export function refuseInStep(what: string): void {
  const inside = scope.getStore();
  if (inside?.step === undefined) return;
  throw new KagziError(
    "PRECONDITION_FAILED",
    `${what} was called inside of step ${JSON.stringify(inside.step)} of run ${inside.runId}: ` +
      "steps do not nest; call it in the workflow's function, before or after the step",
    { subject: "step", subjectId: `${inside.runId}/${inside.step}` },
  );
}

/** The step whose function is running, and the attempt of it; nothing in the workflow's own. */
export function currentStep(): { readonly step?: string; readonly attempt?: number } {
  const { attempt, step } = scope.getStore() ?? {};
  return step === undefined ? {} : { step, ...(attempt !== undefined && { attempt }) };
}

let watchers = 0;

/**
 * From now on a rejection that nobody handles, in the code of a run, is that run's failure and not the end of this process.
 * Others go their usual way. Answers with a way to stop.
 */
export function watchStrayRejections(): () => void {
  if (++watchers === 1) process.on("unhandledRejection", onUnhandled);
  return () => {
    if (--watchers === 0) process.off("unhandledRejection", onUnhandled);
  };
}

function onUnhandled(reason: unknown): void {
  // Node calls this in the scope in which the promise was made.
  const inside = scope.getStore();
  if (inside !== undefined) {
    const where = inside.step === undefined ? "the workflow" : `step ${JSON.stringify(inside.step)}`;
    return inside.onStray(reason, where);
  }
  // With a listener Node no longer ends the process by itself. Where it is ours alone, that is not ours to change.
  if (process.listenerCount("unhandledRejection") === 1) throw reason;
}
