import { workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

interface Export {
  readonly customer: string;
  readonly report: string;
}

// At most three exports at once in the whole fleet, and one at a time for each customer.
const exportReport = workflow(
  "export-report",
  { concurrency: [3, { limit: 1, key: "customer" }] },
  async (ctx, { customer, report }: Export) => {
    log.push(`${customer} ${report}`);
    await ctx.step("export", () => atWork(customer));
  },
);

const log: string[] = [];
const going = { all: 0, most: 0, byCustomer: new Map<string, number>() };

async function atWork(customer: string): Promise<void> {
  going.all += 1;
  going.most = Math.max(going.most, going.all);
  going.byCustomer.set(customer, (going.byCustomer.get(customer) ?? 0) + 1);
  if ((going.byCustomer.get(customer) ?? 0) > 1) throw new Error(`two exports of ${customer} at once`);
  await new Promise((resolve) => setTimeout(resolve, 5));
  going.byCustomer.set(customer, 0);
  going.all -= 1;
}

await using env = await TestEnvironment.create({ workflows: [exportReport] });
// One customer asks for eight, and then others for one each.
const asked = [...Array<string>(8).fill("acme"), "bolt", "cobra", "dart"];
const runs = await env.client.startMany(
  exportReport,
  asked.map((customer, index) => ({ input: { customer, report: `#${index + 1}` } })),
);
await Promise.all(runs.map((run) => run.result()));
console.log("done:", log.length, "at once at most:", going.most);
// Nobody waits behind all of acme's.
console.log(
  "all others among the first six:",
  ["bolt", "cobra", "dart"].every((name) => log.slice(0, 6).some((line) => line.startsWith(name))),
);
