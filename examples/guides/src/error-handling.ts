import { KagziError, workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

class CardDeclined extends Error {
  override readonly name = "CardDeclined";
}

const pay = workflow("pay", async (ctx, card: string) => {
  try {
    return await ctx.step("charge", { retries: 2 }, ({ attempt }) => {
      if (card === "flaky" && attempt < 3) throw new Error(`network, attempt ${attempt}`);
      if (card === "stolen") throw KagziError.nonRetryable("the card is stolen");
      if (card === "empty") throw new CardDeclined("not enough money");
      return "paid";
    });
  } catch (error) {
    if (!(error instanceof KagziError)) throw error;
    // The error of the step's last attempt; what was thrown is its cause. It is recorded, and the same on every replay.
    const thrown = error.cause instanceof Error ? error.cause.name : error.code;
    return `not paid: ${error.message} (${thrown})`;
  }
});

await using env = await TestEnvironment.create({ workflows: [pay], autoSkip: true });
for (const card of ["good", "flaky", "stolen", "empty"]) {
  const run = await env.client.start(pay, card);
  console.log(`${card}: ${await run.result()}`);
}
