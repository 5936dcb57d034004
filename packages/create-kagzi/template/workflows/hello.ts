import { workflow } from "kagzi";

/** Greets somebody. Change a line while `npx kagzi dev` runs: the next run does what it says then. */
export const hello = workflow("hello", async (ctx, input: { name: string }) => {
  // What a step gives is remembered. When the process dies after it, the run goes on behind it.
  const text = await ctx.step("greet", () => `Hello ${input.name}`);
  // A wait costs nothing, and may be months long.
  await ctx.sleep("pause", "2s");
  return { text };
});
