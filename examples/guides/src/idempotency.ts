import { type KagziError, workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

/** A payment provider: a key that it has seen is the same payment. */
const payments = new Map<string, number>();
let calls = 0;
function charge(amount: number, idempotencyKey: string): number {
  calls += 1;
  if (!payments.has(idempotencyKey)) payments.set(idempotencyKey, amount);
  return payments.size;
}

const order = workflow("order", async (ctx, amount: number) => {
  return ctx.step("charge", ({ attempt, idempotencyKey }) => {
    const payment = charge(amount, idempotencyKey);
    // The money is gone, and then the connection is: nobody knows whether it worked, so it is tried again.
    if (attempt === 1) throw new Error("connection reset");
    return payment;
  });
});

await using env = await TestEnvironment.create({ workflows: [order], autoSkip: true });
const { client } = env;
// Outside: the order's number is the id of its run. A second click finds the first run.
const [first, second] = [
  await client.start(order, 40, { id: "order-7" }),
  await client.start(order, 40, { id: "order-7" }),
];
await first.result();
console.log("one run:", first.id === second.id, "- one payment:", payments.size, "- calls:", calls);
// The same id with another input is a mistake, and told as one.
const conflict = await client.start(order, 41, { id: "order-7" }).catch((error: KagziError) => error.code);
console.log("another amount:", conflict);
