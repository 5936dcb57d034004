import { type Context, KagziError, Retry, type StepContext, workflow } from "kagzi";
import type { Journals } from "./journal.ts";
import { type Order, checkOrder } from "./order.ts";

/** What a run of process-order comes to. */
export interface Receipt {
  readonly order: string;
  readonly invoice: string;
  readonly charged: number;
  readonly currency: string;
}

/** Validate, pay, cool off, invoice, notify. */
export function processOrder(journals: Journals) {
  return workflow("process-order", async (ctx, order: Order): Promise<Receipt> => {
    const step = <Result>(name: string, run: (scope: StepContext) => Result | Promise<Result>) =>
      ctx.step(name, { retry: Retry.exponential(4, { initial: "50ms" }) }, async (scope) => {
        note(ctx, name, scope.attempt);
        await work(20);
        return run(scope);
      });
    await step("validate", () => checkOrder(order));
    const payment = await step("pay", (scope) => pay(order, scope));
    await ctx.sleep("cool-off", "1s");
    const year = ctx.now().getUTCFullYear();
    const invoice = await step("invoice", () => `INV-${year}-${order.id.slice(4)}`);
    await step("notify", () => `told ${order.customer.email} of ${invoice}`);
    return { order: order.id, invoice, charged: payment.amount, currency: payment.currency };
  });

  function note(ctx: Context, step: string, attempt: number): void {
    journals.executions.append({ run: ctx.runId, step, attempt });
  }

  /** The payment provider: keeps its own books, and knows a charge by its key. */
  async function pay(order: Order, { attempt, idempotencyKey }: StepContext) {
    const { amount, currency } = { amount: order.total, currency: order.currency };
    if (order.card === "tok_declined") throw KagziError.nonRetryable(`the card of order ${order.id} was declined`);
    if (attempt <= Number(/^tok_fails_(\d+)$/.exec(order.card)?.[1] ?? 0)) throw new Error("the provider timed out");
    journals.charges.append({ key: idempotencyKey, order: order.id, amount, currency });
    await work(30);
    return { amount, currency };
  }
}

/** The time that a real call would take. */
function work(longestMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longestMs));
}
