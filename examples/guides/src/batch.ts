import { workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

const BATCH = 100;

const importAll = workflow("import-all", async (ctx, total: number) => {
  const failures: number[] = [];
  for (let from = 0; from < total; from += BATCH) {
    const to = Math.min(from + BATCH, total);
    // One step for many small things: a thousand rows are ten records, and at most one batch is done again.
    const bad = await ctx.step("import rows", { input: { from, to }, timeout: "5m" }, ({ heartbeat, input }) => {
      heartbeat();
      return Array.from({ length: input.to - input.from }, (_each, n) => input.from + n).filter((n) => n % 333 === 332);
    });
    failures.push(...bad);
    ctx.progress({ done: to, total });
  }
  return { imported: total - failures.length, failures };
});

await using env = await TestEnvironment.create({ workflows: [importAll] });
const run = await env.client.start(importAll, 1000);
console.log(await run.result());
console.log(
  "progress:",
  (await run.status()).progress,
  "- steps:",
  (await env.client.runs.history(run.id)).records.length - 2,
);
