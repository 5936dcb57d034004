import { workflow } from "kagzi";

/** Milliseconds since 1970 with fractions, the same clock in every process of this machine. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Many steps, one after the other. Tells how long each took, in milliseconds. */
export const longRun = workflow("long-run", async (ctx, input: { readonly steps: number }) => {
  const took: number[] = [];
  for (let step = 0; step < input.steps; step++) {
    const begin = performance.now();
    await ctx.step("add", () => step);
    took.push(performance.now() - begin);
  }
  return took;
});

/** Many steps, then waits for events, and tells of each when its code went on. */
export const resumable = workflow(
  "resumable",
  async (ctx, input: { readonly steps: number; readonly waits: number }) => {
    for (let step = 0; step < input.steps; step++) await ctx.step("add", () => ({ step, note: "a small result" }));
    const wentOn: number[] = [];
    for (let wait = 0; wait < input.waits; wait++) {
      await ctx.waitForEvent("go");
      const at = now();
      wentOn.push(await ctx.step("went-on", () => at));
    }
    return wentOn;
  },
);

/** A step, then a long wait. */
export const parked = workflow("parked", async (ctx, input: { readonly n: number }) => {
  const sum = await ctx.step("add", () => input.n + 1);
  await ctx.waitForEvent("go");
  return sum;
});

export const SCALE_WORKFLOWS = [longRun, resumable, parked] as const;
