import { replayHistory, workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

const v1 = workflow("onboard", { version: "1" }, async (ctx, user: string) => {
  await ctx.step("create account", () => user);
  await ctx.waitForEvent("confirmed");
  return `${user}: account`;
});

const v2 = workflow("onboard", { version: "2" }, async (ctx, user: string) => {
  await ctx.step("create account", () => user);
  await ctx.step("invite to chat", () => user);
  await ctx.waitForEvent("confirmed");
  return `${user}: account and chat`;
});

// One worker may have both, or each its own: runs go to who has their version.
await using env = await TestEnvironment.create({ workflows: [v1, v2] });
const { client } = env;

await client.workflows.setDefaultVersion("onboard", "1");
const early = await client.start("onboard", "ada");
await client.workflows.setDefaultVersion("onboard", undefined);
const late = await client.start("onboard", "bob");

await env.skip(0);
for (const run of [early, late]) await run.send("confirmed");
// A run stays on the version that it started on.
for (const run of [early, late]) console.log(await run.result());

// A history that was kept tells in a test whether code that was changed still fits it.
const history = await client.runs.history(early.id);
await replayHistory(v1, history);
console.log(await replayHistory(v2, history).catch((error: Error) => error.message.replace(early.id, "…")));
