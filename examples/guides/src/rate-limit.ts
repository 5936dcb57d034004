import { workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

// Each run asks twice. What counts is how often the other side is asked, by whatever workflow.
const answer = workflow("answer", async (ctx, question: string) => {
  const draft = await ctx.step("draft", { limit: "llm" }, () => ask(`draft: ${question}`));
  return ctx.step("review", { limit: "llm" }, () => ask(`review: ${draft}`));
});

const asked: number[] = [];

function ask(text: string): string {
  asked.push(Math.round((env.now.getTime() - begin) / 1000));
  return text.toUpperCase();
}

await using env = await TestEnvironment.create({
  workflows: [answer],
  // Twelve calls a minute in the whole fleet, and no more than four at once.
  limits: { llm: { concurrency: 4, throttle: { limit: 12, per: "1m" } } },
});
const begin = env.now.getTime();
const questions = Array.from({ length: 15 }, (_, index) => `question ${index + 1}`);
const runs = await env.client.startMany(
  answer,
  questions.map((input) => ({ input })),
);
await env.skip("10m");
await Promise.all(runs.map((run) => run.result()));
const minutes = new Map<number, number>();
for (const second of asked) minutes.set(Math.floor(second / 60), (minutes.get(Math.floor(second / 60)) ?? 0) + 1);
for (const [minute, count] of minutes) console.log(`minute ${minute}: ${count} calls`);
