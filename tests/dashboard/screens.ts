import { workflow } from "kagzi";

/** Goes on until an event ends it, one run for each customer at a time. */
export const slow = workflow(
  "slow",
  { concurrency: { limit: 1, key: "customer" } },
  async (ctx, _input: { readonly customer: string }) => ctx.waitForEvent("go"),
);

/** Starts when news come. */
export const sendNews = workflow("send-news", { on: "order.paid" }, async (ctx, input: unknown) =>
  ctx.step("send", () => input),
);
