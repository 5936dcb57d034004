import { workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

const report = workflow(
  "report",
  {
    schedule: {
      cron: "0 6 * * MON-FRI",
      timezone: "Europe/Paris",
      maxCatchup: 3,
      overlap: "allow",
      input: ({ scheduledAt }) => ({ until: scheduledAt.toISOString() }),
    },
  },
  async (ctx, input: { until: string }) => {
    await ctx.step("send", () => console.log("report until", input.until));
  },
);

await using env = await TestEnvironment.create({ workflows: [report], start: new Date("2030-03-28T00:00:00Z") });
const { schedules, namespaces } = env.client;

// On the 31st the clock in Paris leaps forward: six in the morning comes an hour sooner by UTC.
console.log(await schedules.preview("report", 3));
await env.skip("1d");

// Nothing starts in a namespace that is disabled. For the schedule it is an outage of ten days.
await namespaces.disable("default");
await env.skip("10d");
await namespaces.enable("default");
await env.skip("1m");
const { fired, missed, nextFireAt } = await schedules.get("report");
console.log({ fired, missed, nextFireAt });

// Now, and whatever the schedule says.
await (await schedules.trigger("report")).result();
