import type { StepContext } from "../context/context.ts";
import type { StepRequest } from "../context/create-context.ts";
import { inStep } from "../context/scope.ts";
import { KagziError } from "../error.ts";
import type { Runtime } from "../runtime.ts";

/** An attempt of a step, as others than its function see it. */
export interface InterceptedStep {
  readonly workflow: string;
  readonly runId: string;
  /** As it was given; `key` is `charge#2` for the second of that name. */
  readonly name: string;
  readonly key: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
}

/** Stands between a worker and the functions of its steps: what it gives is the result. */
export type StepInterceptor = (step: InterceptedStep, run: () => Promise<unknown>) => unknown;

/** One attempt of a step. */
export interface StepAttempt {
  readonly workflow: string;
  readonly runId: string;
  readonly key: string;
  readonly attempt: number;
  readonly request: StepRequest;
  /** Aborted when its time is over, and by others: the run is no longer this worker's, or wants the step no more. */
  readonly controller: AbortController;
  readonly runtime: Runtime;
  readonly intercept: StepInterceptor | undefined;
  /** A promise of the function was rejected, and nobody handles it. */
  readonly onStray: (reason: unknown, where: string) => void;
}

/** Runs the function of a step once, within its time. What it throws is thrown. */
export async function runStep(attempt: StepAttempt): Promise<unknown> {
  const { timeoutMs } = attempt.request;
  const limit = timeoutMs === undefined ? undefined : new TimeLimit(attempt, timeoutMs);
  const { key, request, runId } = attempt;
  const step: StepContext<never> = {
    input: request.input as never,
    attempt: attempt.attempt,
    // Made when it is asked for: most functions never look at it.
    get signal() {
      return attempt.controller.signal;
    },
    idempotencyKey: `${runId}/${key}`,
    heartbeat: () => limit?.begin(),
  };
  limit?.begin();
  try {
    const result = inStep(key, attempt, async () => call(attempt, step));
    return await (limit === undefined ? result : Promise.race([result, limit.exceeded]));
  } finally {
    limit?.end();
  }
}

function call(attempt: StepAttempt, step: StepContext<never>): unknown {
  const { intercept, key, request, runId, workflow } = attempt;
  if (intercept === undefined) return request.fn(step);
  const about = { workflow, runId, name: request.name, key, attempt: attempt.attempt, signal: step.signal };
  return intercept(about, async () => request.fn(step));
}

/** A step's time: counted from its beginning, or from its last heartbeat. */
class TimeLimit {
  readonly exceeded: Promise<never>;
  readonly #attempt: StepAttempt;
  readonly #timeoutMs: number;
  #reject: (error: KagziError) => void = () => {};
  #cancel: (() => void) | undefined;
  #over = false;

  constructor(attempt: StepAttempt, timeoutMs: number) {
    this.#attempt = attempt;
    this.#timeoutMs = timeoutMs;
    this.exceeded = new Promise<never>((_, reject) => {
      this.#reject = reject;
    });
    // Nobody may be listening any more when the time is over.
    this.exceeded.catch(() => {});
  }

  begin(): void {
    this.#cancel?.();
    if (this.#over) return;
    this.#cancel = this.#attempt.runtime.setTimer(this.#timeoutMs, () => {
      const error = this.#error();
      this.end();
      this.#attempt.controller.abort(error);
      this.#reject(error);
    });
  }

  end(): void {
    this.#over = true;
    this.#cancel?.();
  }

  #error(): KagziError {
    const { attempt, key, runId } = this.#attempt;
    return new KagziError(
      "TIMEOUT",
      `attempt ${attempt} of step ${JSON.stringify(key)} took longer than ${this.#timeoutMs} ms`,
      {
        subject: "step",
        subjectId: `${runId}/${key}`,
      },
    );
  }
}
