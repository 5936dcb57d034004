import { workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

const quotes = workflow("quotes", async (ctx, item: string) => {
  // Side by side: the steps of one Promise.all run at the same time.
  const prices = await Promise.all([
    ctx.step("ask alpha", () => 12),
    ctx.step("ask beta", () => 11),
    ctx.step("ask gamma", { retries: 0 }, () => Promise.reject(new Error("closed"))).catch(() => undefined),
  ]);
  const best = Math.min(...prices.filter((price) => price !== undefined));

  // The first one wins, for ever; the others are given up: a step is aborted, a child is cancelled.
  const { winner } = await ctx.race({
    confirmed: ctx.step("confirm", ({ signal }) => slowConfirmation(signal)),
    tooLate: ctx.sleep("patience", "10m"),
  });
  return `${item} for ${best}, ${winner}`;
});

function slowConfirmation(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(console.log("the confirmation was aborted")));
  });
}

await using env = await TestEnvironment.create({ workflows: [quotes], autoSkip: true });
console.log(await (await env.client.start(quotes, "a lamp")).result());
