import { workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

interface Decision {
  readonly approved: boolean;
  readonly by: string;
}

const expense = workflow("expense", async (ctx, amount: number) => {
  if (amount < 100) return ctx.step("pay", () => "paid, nobody was asked");
  await ctx.step("ask the manager", () => {});
  // Waits for days without a slot; an event that came earlier is not lost.
  const decision = await ctx.waitForEvent<Decision>("decided", { timeout: "3d" });
  if (decision === null) return "nobody decided within three days";
  const { approved, by } = decision.payload;
  if (!approved) return `refused by ${by}`;
  return ctx.step("pay", () => `paid, approved by ${by}`);
});

await using env = await TestEnvironment.create({ workflows: [expense] });
const [small, approved, refused, forgotten] = await env.client.startMany(
  expense,
  [20, 500, 600, 700].map((input) => ({ input })),
);
await env.skip("1d");
console.log((await approved?.status())?.waitingFor?.message.replace(/until .*/, "until …"));
await approved?.send("decided", { approved: true, by: "Eva" });
await refused?.send("decided", { approved: false, by: "Max" });
await env.skip("2d");
for (const run of [small, approved, refused, forgotten]) console.log(await run?.result());
