import { type KagziError, workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

const reserve = workflow("reserve", async (ctx, item: string) => {
  await ctx.step("reserve", { retries: 0 }, () => {
    if (item === "unicorn") throw new Error("out of unicorns");
  });
  return `${item} reserved`;
});

const newsletter = workflow("newsletter", async (ctx, to: string) => {
  await ctx.sleep("a week", "7d");
  await ctx.step("send", () => console.log(`newsletter to ${to}`));
});

const order = workflow("order", async (ctx, items: readonly string[]) => {
  const lines: string[] = [];
  for (const item of items) {
    // Waits for the child. It fails as the child fails, and the child is cancelled with its parent.
    lines.push(await ctx.invoke(reserve, item).catch((error: KagziError) => error.message));
  }
  // Goes its own way: started once, and nobody waits for it.
  const detached = await ctx.start(newsletter, "ada@example.com");
  lines.push(detached.alreadyExists ? "again" : "newsletter planned");
  return lines;
});

await using env = await TestEnvironment.create({ workflows: [reserve, newsletter, order] });
const run = await env.client.start(order, ["lamp", "unicorn"]);
console.log(await run.result());
const { items } = await env.client.runs.list({ parent: run.id }).page();
console.log(items.map((child) => `${child.workflow} ${child.status}`).toSorted());
await env.skip("7d");
