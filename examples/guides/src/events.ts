import { workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

interface Order {
  readonly id: string;
  readonly amount: number;
}

// Two workflows subscribe to one event: each order starts a run of both. Whoever sends it knows of neither.
const fulfil = workflow("fulfil", { on: "order.created" }, async (ctx, order: Order) => {
  await ctx.step("reserve", () => console.log(`${order.id}: reserved`));
  // Only the payment of this order, and none that was made before.
  const paid = await ctx.waitForEvent<number>("order.paid", { key: order.id, timeout: "3d" });
  if (paid === null) {
    await ctx.send("order.expired", order.id, { key: order.id });
    return `${order.id}: expired`;
  }
  return ctx.step("ship", () => `${order.id}: shipped for ${paid.payload} €`);
});

const greet = workflow("greet", { on: "order.created" }, async (ctx, order: Order) => {
  await ctx.step("mail", () => console.log(`${order.id}: thank you`));
});

await using env = await TestEnvironment.create({ workflows: [fulfil, greet] });
const { client } = env;
const orders = [
  { id: "o-1", amount: 30 },
  { id: "o-2", amount: 40 },
];
for (const order of orders) {
  const { startedRunIds } = await client.send("order.created", order, { id: `created-${order.id}` });
  console.log(`${order.id}: ${startedRunIds.length} runs`);
  await env.skip(0);
}
// The web shop did not hear the answer and sends it again: nothing more is started.
const again = await client.send("order.created", orders[0], { id: "created-o-1" });
console.log(`again: ${again.alreadyExists}`);

await client.send("order.paid", 30, { key: "o-1" });
await env.skip("3d");
for await (const run of client.runs.list({ workflow: "fulfil" })) console.log(await client.run(run.id).result());
for await (const { key, name, takenCount } of client.events.list()) console.log(name, key ?? "-", takenCount);
