import { workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

interface Row {
  readonly id: number;
  readonly price: string;
}

let broken = true;

const pipeline = workflow("pipeline", async (ctx, day: string) => {
  // Each stage is a step: what it gave is kept, so that a later stage that fails does not cost the earlier ones.
  const rows = await ctx.step("extract", (): Row[] => {
    console.log(`extract ${day}`);
    return [
      { id: 1, price: "3.50" },
      { id: 2, price: "oops" },
      { id: 3, price: "1.25" },
    ];
  });
  const clean = await ctx.step("transform", () => {
    console.log("transform");
    return rows.map(({ id, price }) => ({ id, price: Number(price) })).filter(({ price }) => !Number.isNaN(price));
  });
  await ctx.step("load", { retries: 0 }, () => {
    console.log("load");
    if (broken) throw new Error("the warehouse is closed");
  });
  return clean.length;
});

await using env = await TestEnvironment.create({ workflows: [pipeline] });
const run = await env.client.start(pipeline, "2030-01-01");
await run.result().catch((error: Error) => console.log("failed:", error.message));
broken = false;
// The same run, from where it failed.
await env.client.runs.retry(run.id);
console.log("rows:", await run.result());
// A new run, from a step of this one.
const again = await env.client.runs.rerun(run.id, { fromStep: "transform" });
console.log("rows:", await again.result());
