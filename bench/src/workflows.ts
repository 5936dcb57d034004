import { workflow } from "kagzi";

/** Ten steps, one after the other, each with a small result. */
export const tenSteps = workflow("ten-steps", async (ctx, input: { readonly n: number }) => {
  let sum = input.n;
  for (let step = 0; step < 10; step++) sum = await ctx.step("add", () => sum + step);
  return sum;
});

/** Waits for an event, and tells when its code went on, in milliseconds since 1970. */
export const waiter = workflow("waiter", async (ctx) => {
  await ctx.waitForEvent("go");
  return Date.now();
});

/** One step and done. */
export const oneStep = workflow("one-step", async (ctx, input: { readonly n: number }) =>
  ctx.step("add", () => input.n + 1),
);
