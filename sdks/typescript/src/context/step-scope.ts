import { AsyncLocalStorage } from "node:async_hooks";
import { KagziError } from "../error.ts";

/** In which step's function we are, across awaits. */
const scope = new AsyncLocalStorage<{ readonly runId: string; readonly step: string }>();

/** Runs the function of a step. */
export function inStep<Result>(runId: string, step: string, run: () => Result): Result {
  return scope.run({ runId, step }, run);
}

/**
 * Steps do not nest: what a step does is recorded as one, so a step or a wait within it would be lost or done twice.
 * @throws KagziError `PRECONDITION_FAILED`
 */
export function refuseInStep(what: string): void {
  const inside = scope.getStore();
  if (inside === undefined) return;
  throw new KagziError(
    "PRECONDITION_FAILED",
    `${what} was called inside of step ${JSON.stringify(inside.step)} of run ${inside.runId}: ` +
      "steps do not nest; call it in the workflow's function, before or after the step",
    { subject: "step", subjectId: `${inside.runId}/${inside.step}` },
  );
}
