import { workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

const trial = workflow("trial", async (ctx, user: string) => {
  await ctx.step("send-email", { input: `welcome, ${user}` }, () => {
    throw new Error("there is no mail server in a test");
  });
  await ctx.sleep("trial", "30d");
  const paid = await ctx.waitForEvent("paid", { timeout: "7d" });
  await ctx.step("send-email", { input: paid ? "thank you" : "goodbye" }, () => {
    throw new Error("there is no mail server in a test");
  });
  return paid !== null;
});

await using env = await TestEnvironment.create({ workflows: [trial] });
const sent: string[] = [];
env.mockStep("send-email", ({ key }) => sent.push(key));

const run = await env.client.start(trial, "ada");
await env.skip("30d");
console.log((await run.status()).status, sent);
await env.skip("7d");
console.log(await run.result(), sent);

// Loses the worker after each record in turn: the result is the same, and nothing is done twice.
env.mockStep("send-email", () => "sent");
console.log(await env.crashTest(trial, "bob"));
