import { KagziError, workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

interface Trip {
  readonly to: string;
  readonly cars: number;
}

const trip = workflow("trip", async (ctx, { cars, to }: Trip) => {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const hotel = await ctx.step("book hotel", () => `hotel in ${to}`);
    undo.push(() => ctx.step("cancel hotel", () => console.log(`cancelled the ${hotel}`)));
    const flight = await ctx.step("book flight", () => `flight to ${to}`);
    undo.push(() => ctx.step("cancel flight", () => console.log(`cancelled the ${flight}`)));
    await ctx.step("book car", () => {
      if (cars === 0) throw KagziError.nonRetryable("no cars left");
    });
    return "booked";
  } catch (error) {
    // The last one first. Each is a step: it is tried again until it is done, and done once.
    for (const step of undo.toReversed()) await step();
    throw error;
  }
});

await using env = await TestEnvironment.create({ workflows: [trip] });
console.log(await (await env.client.start(trip, { to: "Oslo", cars: 1 })).result());
const failed = await env.client.start(trip, { to: "Rome", cars: 0 });
console.log(await failed.result().catch((error: KagziError) => `not booked: ${error.message}`));
// Wherever the process is lost, nothing is booked or cancelled twice.
for (const step of ["cancel hotel", "cancel flight"]) env.mockStep(step, () => {});
console.log(await env.crashTest(trip, { to: "Rome", cars: 0 }));
