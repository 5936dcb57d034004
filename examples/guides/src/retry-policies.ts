import { KagziError, Retry, workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

function fail(times: number) {
  return ({ attempt }: { readonly attempt: number }) => {
    if (attempt <= times) throw new Error(`attempt ${attempt} failed`);
    return `attempt ${attempt}`;
  };
}

const policies = workflow("policies", async (ctx) => {
  const begin = ctx.now();
  const seconds = () => Math.round((ctx.now().getTime() - begin.getTime()) / 1000);

  const exponential = Retry.exponential(5, { initial: "1s", factor: 3, max: "5s", jitter: false });
  console.log(await ctx.step("1 + 3 + 5 s", { retry: exponential }, fail(3)), "after", seconds(), "s");
  console.log(await ctx.step("2 + 4 s", { retry: Retry.linear(3, "2s") }, fail(2)), "after", seconds(), "s");
  console.log(await ctx.step("10 + 10 s", { retry: Retry.fixed(3, "10s") }, fail(2)), "after", seconds(), "s");

  // An error may ask for its own wait, and some errors are worth no other try.
  await ctx.step("told when", ({ attempt }) => {
    if (attempt === 1) throw KagziError.retryAfter("too many requests", "1m");
  });
  console.log("told to wait for a minute: after", seconds(), "s");
  const hopeless = Retry.exponential(5, { nonRetryable: ["NOT_FOUND", "TypeError"] });
  await ctx
    .step("hopeless", { retry: hopeless }, ({ attempt }) => {
      console.log(`hopeless, attempt ${attempt}`);
      throw new TypeError("no such thing");
    })
    .catch(() => {});
});

await using env = await TestEnvironment.create({ workflows: [policies], autoSkip: true });
await (await env.client.start(policies, undefined)).result();
