import { workflow } from "kagzi";

/** Goes on until an event ends it, one run for each customer an hour. */
export const slow = workflow(
  "slow",
  { throttle: { limit: 1, per: "1h", key: "customer" } },
  async (ctx, _input: { readonly customer: string }) => ctx.waitForEvent("go"),
);

/** Starts when news come. */
export const sendNews = workflow("send-news", { on: "order.paid" }, async (ctx, input: unknown) =>
  ctx.step("send", () => input),
);

/** Two versions of one workflow. */
export const twoBefore = workflow("two", { version: "1" }, () => "before");
export const two = workflow("two", { version: "2" }, () => "now");
