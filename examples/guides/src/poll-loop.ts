import { workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

/** A slow partner: a transcript is there after a day. */
const startedAt = new Map<string, number>();
const partner = {
  submit: (file: string, now: number) => startedAt.set(file, now),
  isDone: (file: string, now: number) => now - (startedAt.get(file) ?? 0) >= 24 * 60 * 60 * 1000,
};

const transcribe = workflow("transcribe", { timeout: "7d" }, async (ctx, file: string) => {
  await ctx.step("submit", { input: ctx.now().getTime() }, ({ input }) => void partner.submit(file, input));
  for (let polls = 1; ; polls++) {
    await ctx.sleep("wait", "15m");
    const now = ctx.now().getTime();
    if (await ctx.step("poll", () => partner.isDone(file, now))) return { file, polls };
    // A loop that may go on for months begins anew now and then, so that its history stays short.
    ctx.progress({ polls });
  }
});

/** The same for ever: each round is a run of its own, with an empty history. */
const heartbeat = workflow("heartbeat", async (ctx, round: number): Promise<number> => {
  await ctx.step("beat", () => {});
  await ctx.sleep("an hour", "1h");
  return round < 48 ? ctx.continueAsNew(round + 1) : round;
});

await using env = await TestEnvironment.create({ workflows: [transcribe, heartbeat], autoSkip: true });
console.log(await (await env.client.start(transcribe, "talk.mp3")).result());
const beats = await env.client.start(heartbeat, 1);
console.log(
  "rounds:",
  await beats.result(),
  "- records of the first:",
  (await env.client.runs.history(beats.id)).records.length,
);
