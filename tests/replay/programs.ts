import * as fc from "fast-check";
import type { Context } from "kagzi";

/** A workflow as a tree, so that it can be made at random and shown when it fails. */
export type Program =
  | Leaf
  | { readonly do: "ctxRace"; readonly parts: readonly Leaf[] }
  | { readonly do: "sequence" | "all" | "allSettled" | "race" | "any"; readonly parts: readonly Program[] }
  | { readonly do: "repeat"; readonly times: number; readonly part: Program }
  | { readonly do: "try"; readonly part: Program; readonly rescue: Program };

/** What the code asks the context for. */
export type Leaf =
  | { readonly do: "step"; readonly name: string; readonly fails: number }
  | { readonly do: "sleep"; readonly name: string; readonly ms: number }
  | { readonly do: "event"; readonly name: string; readonly ms: number | undefined }
  | { readonly do: "child"; readonly name: string }
  | { readonly do: "send"; readonly name: string };

/** Tries that a step has in all; one that fails so often fails for good. */
export const TRIES = 3;

const name = fc.constantFrom("a", "b", "c", "d");

const leaf: fc.Arbitrary<Leaf> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("step" as const), name, fails: fc.constantFrom(0, 0, 0, 1, TRIES) }),
  },
  fc.record({
    do: fc.constant("sleep" as const),
    name: fc.constantFrom("p", "q"),
    ms: fc.integer({ min: 0, max: 50 }),
  }),
  fc.record({
    do: fc.constant("event" as const),
    name: fc.constantFrom("e", "f"),
    ms: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
  }),
  fc.record({ do: fc.constant("child" as const), name: fc.constantFrom("x", "y") }),
  fc.record({ do: fc.constant("send" as const), name: fc.constantFrom("s", "t") }),
);

/** Workflows of nested branches, races, loops, catches, waits, children, and steps that fail now and then or for good. */
export const program: fc.Arbitrary<Program> = fc.letrec<{ readonly program: Program }>((tie) => ({
  program: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.record({ do: fc.constant("ctxRace" as const), parts: fc.array(leaf, { minLength: 1, maxLength: 3 }) }),
    fc.record({
      do: fc.constantFrom("sequence" as const, "all" as const, "allSettled" as const, "race" as const, "any" as const),
      parts: fc.array(tie("program"), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({ do: fc.constant("repeat" as const), times: fc.integer({ min: 1, max: 3 }), part: tie("program") }),
    fc.record({ do: fc.constant("try" as const), part: tie("program"), rescue: tie("program") }),
  ),
})).program;

/** What the code of a run asked for and was handed, in order. */
export type Trace = string[];

/** Who watches the code of a run, and does the work of its steps. */
export interface Observer {
  readonly trace: Trace;
  readonly body: Body;
  /** A child is asked for, or an event to be sent, by code that had been handed so many outcomes. */
  readonly onOther: (name: string, knew: number) => void;
}

/** Runs a program as the code of a workflow, and notes what it asks for and is handed. */
export async function interpret(part: Program, ctx: Context, run: Observer): Promise<unknown> {
  const { trace } = run;
  const each = (parts: readonly Program[]) => parts.map((one) => interpret(one, ctx, run));
  switch (part.do) {
    case "step":
    case "sleep":
    case "event":
    case "child":
    case "send":
      return note(trace, part.name, ask(part, ctx, run));
    case "ctxRace": {
      const entries = Object.fromEntries(part.parts.map((one, index) => [`${one.name}${index}`, ask(one, ctx, run)]));
      for (const [key, promise] of Object.entries(entries)) note(trace, key, promise).catch(() => {});
      const { winner } = await ctx.race(entries);
      trace.push(`won ${winner}`);
      return winner;
    }
    case "sequence": {
      const values: unknown[] = [];
      for (const one of part.parts) values.push(await interpret(one, ctx, run));
      return values;
    }
    case "all":
      return Promise.all(each(part.parts));
    case "allSettled":
      return (await Promise.allSettled(each(part.parts))).map(({ status }) => status);
    case "race":
      return Promise.race(each(part.parts));
    case "any":
      return Promise.any(each(part.parts));
    case "repeat": {
      const values: unknown[] = [];
      for (let n = 0; n < part.times; n++) values.push(await interpret(part.part, ctx, run));
      return values;
    }
    case "try":
      try {
        return await interpret(part.part, ctx, run);
      } catch {
        return interpret(part.rescue, ctx, run);
      }
  }
}

/** Asks the context for something. */
function ask(part: Leaf, ctx: Context, run: Observer): Promise<unknown> {
  run.trace.push(`ask ${part.name}`);
  switch (part.do) {
    case "step": {
      const knew = countHanded(run.trace);
      return ctx.step(part.name, ({ attempt, idempotencyKey: key }) =>
        run.body({ key, attempt, knew, fails: attempt <= part.fails }),
      );
    }
    case "sleep":
      return ctx.sleep(part.name, part.ms);
    case "event":
      return ctx.waitForEvent(part.name, part.ms === undefined ? {} : { timeout: part.ms }).then((event) => event?.id);
    case "child":
      run.onOther(part.name, countHanded(run.trace));
      return ctx.invoke(part.name);
    case "send":
      run.onOther(part.name, countHanded(run.trace));
      return ctx.send(part.name);
  }
}

/** An execution of a step's function. */
export interface Execution {
  readonly key: string;
  readonly attempt: number;
  readonly fails: boolean;
  /** How many outcomes the code had been handed when it asked for the step. */
  readonly knew: number;
}

/** The function of a step: gives another value each time that it is executed, or fails. */
export type Body = (execution: Execution) => Promise<string>;

/** How many outcomes the code was handed. */
export function countHanded(trace: Trace): number {
  return trace.filter(isHanded).length;
}

export function isHanded(line: string): boolean {
  return line.startsWith("got ") || line.startsWith("lost ");
}

async function note(trace: Trace, what: string, promise: Promise<unknown>): Promise<unknown> {
  try {
    const value = await promise;
    trace.push(`got ${what} ${String(value)}`);
    return value;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // What the code gives up, or is told to, is no outcome that somebody recorded.
    trace.push(`${/given up|enough/.test(message) ? "left" : "lost"} ${what} ${message}`);
    throw error;
  }
}
