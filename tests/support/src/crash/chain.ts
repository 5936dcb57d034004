import { randomUUID } from "node:crypto";
import { type Context, Retry, type StepContext, workflow } from "kagzi";
import type { LedgerEntry } from "../ledger.ts";

/** Steps of one run. */
export const CHAIN_STEPS = 8;
const LONGEST_STEP_MS = 40;

/** Of every four runs one has a step whose first attempt fails. */
export function failsFirst(key: string): boolean {
  return Number(key.split("-")[1]) % 4 === 0;
}

/**
 * Eight steps, two of them side by side, with a sleep between. Every execution of a step gives another nonce, so that
 * it can be told whose result was kept; every step is handed the nonces of those before it.
 */
export function chainWorkflow(by: string, append: (entry: LedgerEntry) => Promise<void>) {
  return workflow("chain", async (ctx, input: { readonly key: string }) => {
    const step = (name: string, saw: readonly string[]) =>
      ctx.step(name, { retry: Retry.fixed(3, "20ms") }, (scope) =>
        perform({ ctx, scope, name, saw, fails: name === "five" && failsFirst(input.key) && scope.attempt === 1 }),
      );
    const one = await step("one", []);
    const two = await step("two", [one]);
    await ctx.sleep("pause", "150ms");
    const [left, right] = await Promise.all([step("left", [two]), step("right", [two])]);
    const five = await step("five", [left, right]);
    const six = await step("six", [five]);
    const seven = await step("seven", [six]);
    const eight = await step("eight", [seven]);
    return [one, two, left, right, five, six, seven, eight].join(",");
  });

  async function perform(work: {
    readonly ctx: Context;
    readonly scope: StepContext;
    readonly name: string;
    readonly saw: readonly string[];
    readonly fails: boolean;
  }): Promise<string> {
    const { ctx, fails, name, saw, scope } = work;
    const nonce = randomUUID();
    await append({ kind: "exec", run: ctx.runId, step: name, attempt: scope.attempt, nonce, saw, by });
    await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_STEP_MS));
    if (fails) throw new Error("the first attempt fails");
    await append({ kind: "ret", run: ctx.runId, step: name, nonce, by });
    return nonce;
  }
}
