import type { InterceptedStep } from "kagzi";

/** What stands in for a step's function: a value, or a function that gives it (or throws). */
export type StepMock = (step: InterceptedStep) => unknown;

/** An event that is sent to whoever waits for it. */
export interface EventMock {
  readonly payload: unknown;
  readonly key?: string;
}

/** What a test has put in the place of the world. */
export class Mocks {
  readonly steps = new Map<string, StepMock>();
  readonly events = new Map<string, EventMock>();
  /** Executions of functions, mocked or not, by workflow, run, step and attempt. */
  readonly executions = new Map<string, number>();

  /** Runs a step's function, or what stands in for it. Its key goes before its name: `charge#2` before `charge`. */
  run(step: InterceptedStep, run: () => Promise<unknown>): unknown {
    const what = `${step.workflow}/${step.key} (attempt ${step.attempt}) of ${step.runId}`;
    this.executions.set(what, (this.executions.get(what) ?? 0) + 1);
    const mock = this.steps.get(step.key) ?? this.steps.get(step.name);
    return mock === undefined ? run() : mock(step);
  }

  /** The same in a world of its own, where nothing has been executed. */
  copy(): Mocks {
    const copy = new Mocks();
    for (const [name, mock] of this.steps) copy.steps.set(name, mock);
    for (const [name, mock] of this.events) copy.events.set(name, mock);
    return copy;
  }
}
