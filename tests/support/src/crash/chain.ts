import { randomUUID } from "node:crypto";
import { Retry, type StepContext, type Workflow, workflow } from "kagzi";
import type { LedgerEntry } from "../ledger.ts";

/** Steps of one run. */
export const CHAIN_STEPS = 8;
const LONGEST_STEP_MS = 40;

/** Of every four runs one has a step whose first attempt fails. */
export function failsFirst(key: string): boolean {
  return Number(key.split("-")[1]) % 4 === 0;
}

/** What a run of the chain is started with. */
export interface ChainInput {
  readonly key: string;
}

/**
 * Eight steps, two of them side by side and one in a child, with a sleep and a wait for an event between. Every execution
 * of a step gives another nonce, so that it can be told whose result was kept; every step is handed the nonces of those
 * before it.
 */
export function chainWorkflows(
  by: string,
  append: (entry: LedgerEntry) => Promise<void>,
): readonly [
  Workflow<ChainInput, string>,
  Workflow<{ readonly run: string; readonly saw: readonly string[] }, string>,
] {
  const link = workflow("link", async (ctx, { run, saw }: { readonly run: string; readonly saw: readonly string[] }) =>
    ctx.step("six", (scope) => perform({ run, scope, name: "six", saw, fails: false })),
  );
  const chain = workflow("chain", async (ctx, input: ChainInput) => {
    const { runId: run } = ctx;
    const step = (name: string, saw: readonly string[]) =>
      ctx.step(name, { retry: Retry.fixed(3, "20ms") }, (scope) =>
        perform({ run, scope, name, saw, fails: name === "five" && failsFirst(input.key) && scope.attempt === 1 }),
      );
    const one = await step("one", []);
    const two = await step("two", [one]);
    await ctx.sleep("pause", "150ms");
    const [left, right] = await Promise.all([step("left", [two]), step("right", [two])]);
    const five = await step("five", [left, right]);
    const six = await ctx.invoke(link, { run, saw: [five] });
    const seven = await step("seven", [six]);
    const go = await ctx.waitForEvent<string>("go");
    const eight = await step("eight", [seven]);
    return [one, two, left, right, five, six, seven, eight, go?.payload].join(",");
  });
  return [chain, link];

  async function perform(work: {
    readonly run: string;
    readonly scope: StepContext;
    readonly name: string;
    readonly saw: readonly string[];
    readonly fails: boolean;
  }): Promise<string> {
    const { fails, name, run, saw, scope } = work;
    const nonce = randomUUID();
    await append({ kind: "exec", run, step: name, attempt: scope.attempt, nonce, saw, by });
    await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_STEP_MS));
    if (fails) throw new Error("the first attempt fails");
    await append({ kind: "ret", run, step: name, nonce, by });
    return nonce;
  }
}
