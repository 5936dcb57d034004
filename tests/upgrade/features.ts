import type { Client, Workflow, WorkflowOptions } from "kagzi";
import type { Sdk } from "./releases.ts";

/** Hears what the code of a run returned. */
export type OnEnd = (runId: string, output: unknown) => void;

/** What a version of the SDK asks of a server: everything that goes over the wire, in small runs. */
export function featuresOf(sdk: Sdk, onEnd: OnEnd = () => {}) {
  const define = <Input, Output>(
    name: string,
    options: WorkflowOptions<Input>,
    code: Parameters<typeof sdk.workflow<Input, Output>>[2],
  ): Workflow<Input, Output> =>
    sdk.workflow(name, options, async (ctx, input: Input) => {
      const output = await code(ctx, input);
      onEnd(ctx.runId, output);
      return output;
    });
  const child = define("child", {}, async (ctx, n: number) => ctx.step("double", () => n * 2));
  let tries = 0;
  return [
    child,
    define("steps", {}, async (ctx, input: unknown) => {
      const values = await Promise.all([1, 2, 3].map((n) => ctx.step("side by side", () => n)));
      await ctx.sleep("nap", 20);
      ctx.progress({ at: "the end" });
      return [await ctx.step("echo", { input }, () => input), values];
    }),
    define("retries", {}, async (ctx) =>
      ctx.step("flaky", { retry: sdk.Retry.fixed(3, 10) }, ({ attempt }) => {
        tries += 1;
        if (attempt < 3) throw new RangeError("not yet");
        return attempt;
      }),
    ),
    define("children", {}, async (ctx, n: number) => {
      const detached = await ctx.start(child, n);
      return [await ctx.invoke(child, n), typeof detached.id];
    }),
    define("events", {}, async (ctx) => {
      const own = await ctx.waitForEvent<number>("own");
      const shared = await ctx.waitForEvent<number>("shared", { key: "k" });
      await ctx.send("told", "by a run");
      return [own?.payload, shared?.payload, await ctx.waitForEvent("never", { timeout: 20 })];
    }),
    define("subscribed", { on: "told" }, async (_ctx, by: string) => by),
    define("races", {}, async (ctx) => {
      const { winner } = await ctx.race({ soon: ctx.sleep("soon", 10), late: ctx.sleep("late", "1d") });
      return winner;
    }),
    define("careful", {}, async (ctx) => {
      try {
        await ctx.sleep("long", "1d");
      } finally {
        await ctx.step("clean up", () => tries);
      }
    }),
    define("counts", {}, async (ctx, n: number) => (n < 3 ? ctx.continueAsNew(n + 1) : n)),
    define("narrow", { concurrency: 1 }, async (ctx, n: number) => ctx.step("hold", { limit: "one" }, () => n)),
    define("fails", { retries: 1 }, async (ctx) => {
      if (ctx.attempt < 2) throw new Error("first");
      throw sdk.KagziError.nonRetryable("for good");
    }),
    define("scheduled", {}, async (ctx) => ctx.schedule?.id),
  ] as const;
}

export const LIMITS = { one: { concurrency: 1 } };

/** Uses all of it, and answers with what came of it; what must come of it is {@link OUTCOMES}. */
export async function useFeatures(client: Client): Promise<unknown> {
  const waiting = await client.start("events", undefined, { id: "waits" });
  await waiting.send("own", 1);
  await client.send("shared", 2, { id: "shared", key: "k" });
  const cancelled = await client.start("careful");
  await reaches(client, cancelled.id, "sleeping");
  await cancelled.cancel("enough");
  const paused = await client.start("steps", VALUES, { delay: "1h" });
  await paused.pause();
  await paused.resume();
  await client.runs.cancelMany({ workflow: "steps" });
  const narrow = await client.startMany("narrow", [{ input: 1 }, { input: 2 }, { input: 3 }]);
  await client.schedules.create("cron", { workflow: "scheduled", cron: "0 0 1 1 *", timezone: "Europe/Paris" });
  const fired = await client.schedules.trigger("cron");
  const failed = await client.start("fails");
  const again = await client.start("events", undefined, { id: "waits" });
  const started = {
    steps: await client.start("steps", VALUES, { priority: 5, timeout: "1h" }),
    retries: await client.start("retries"),
    children: await client.start("children", 21),
    races: await client.start("races"),
    counts: await client.start("counts", 0),
  };
  return {
    events: await waiting.result(RESULT),
    found: again.alreadyExists,
    narrow: await Promise.all(narrow.map((run) => run.result(RESULT))),
    cancelled: await cancelled.result(RESULT).catch(codeOf),
    delayed: await paused.result(RESULT).catch(codeOf),
    failed: await failed.result(RESULT).catch(codeOf),
    scheduled: await client.run(typeof fired === "string" ? fired : fired.id).result(RESULT),
    ...Object.fromEntries(
      await Promise.all(Object.entries(started).map(async ([name, run]) => [name, await run.result(RESULT)] as const)),
    ),
    subscribed: await subscribedResult(client),
    listed: (await client.runs.list({ workflow: "steps" }).page()).items.length,
  };
}

const VALUES = { date: new Date(7), map: new Map([[1n, new Uint8Array([0, 255])]]), text: "\u0000 \u{1f69a}" };
const RESULT = { timeout: "30s" } as const;

export const OUTCOMES = {
  events: [1, 2, null],
  found: true,
  narrow: [1, 2, 3],
  cancelled: "CANCELLED",
  delayed: "CANCELLED",
  failed: "PRECONDITION_FAILED",
  scheduled: "cron",
  steps: [VALUES, [1, 2, 3]],
  retries: 3,
  children: [42, "string"],
  races: "soon",
  counts: 3,
  subscribed: "by a run",
  listed: 2,
};

async function subscribedResult(client: Client): Promise<unknown> {
  const [run] = (await client.runs.list({ workflow: "subscribed" }).page()).items;
  return run === undefined ? undefined : client.run(run.id).result(RESULT);
}

async function reaches(client: Client, runId: string, wanted: string): Promise<void> {
  while ((await client.run(runId).status()).status !== wanted) await new Promise((resolve) => setTimeout(resolve, 20));
}

function codeOf(error: { readonly code: string }): string {
  return error.code;
}
