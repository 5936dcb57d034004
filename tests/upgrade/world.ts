import { KagziError, Retry, type Workflow, workflow } from "kagzi";

/** Before an upgrade code stops where the fixture wants it; afterwards it goes on. */
export type Phase = "before" | "after";

export const SLOTS = { narrow: { concurrency: 1 } };

interface Customer {
  readonly customer: string;
}

/** A step's function that never ends before an upgrade, and tells that it has begun. */
function holder(phase: Phase, onHold: () => void): () => Promise<string> {
  return async () => {
    if (phase === "after") return "held";
    onHold();
    return new Promise<string>(() => {});
  };
}

/** The workflows of the runs that live through an upgrade. */
export function worldOf(phase: Phase, onHold = () => {}) {
  const hold = holder(phase, onHold);
  const steps = (name: string) =>
    workflow(name, async (ctx, input: string) => [
      await ctx.step("first", () => `${input}!`),
      await ctx.step("hold", hold),
      await ctx.step("last", { input }, () => new Date(0)),
    ]);
  const child = workflow("child", async (ctx) => (await ctx.waitForEvent<string>("go"))?.payload);
  const detached = workflow("detached", async (_ctx, n: number) => n);
  return {
    held: steps("held"),
    abandoned: steps("abandoned"),
    stopped: steps("stopped"),
    nap: workflow("nap", async (ctx, input: string) => {
      await ctx.step("first", () => input);
      await ctx.sleep("hour", "1h");
      return ctx.step("last", () => `${input} slept`);
    }),
    flaky: workflow("flaky", async (ctx) =>
      ctx.step("fails", { retry: Retry.fixed(3, "1h") }, ({ attempt }) => {
        if (phase === "before") throw new RangeError("not yet");
        return attempt;
      }),
    ),
    again: workflow("again", { retry: Retry.fixed(2, "1h") }, async (ctx) => {
      const first = await ctx.step("first", () => "kept");
      if (phase === "before") throw new Error("the run itself");
      return [first, ctx.attempt];
    }),
    listens: workflow("listens", async (ctx) => (await ctx.waitForEvent<string>("go"))?.payload),
    keyed: workflow("keyed", async (ctx, key: string) => (await ctx.waitForEvent("shipped", { key }))?.payload),
    late: workflow("late", async (ctx) => ctx.waitForEvent("never", { timeout: "1h" })),
    race: workflow("race", async (ctx) => {
      const { winner } = await ctx.race({ event: ctx.waitForEvent("never"), hour: ctx.sleep("hour", "1h") });
      const all = await Promise.all([ctx.step("a", () => 1), ctx.step("a", () => 2)]);
      return [winner, ...all, ctx.random() < 1];
    }),
    parent: workflow("parent", async (ctx) => ctx.invoke(child, undefined)),
    child,
    detaching: workflow("detaching", async (ctx, n: number) => {
      const started = await ctx.start(detached, n);
      await ctx.sleep("hour", "1h");
      return typeof started.id;
    }),
    detached,
    careful: workflow("careful", async (ctx) => {
      try {
        await ctx.sleep("day", "30d");
      } finally {
        await ctx.step("clean up", hold);
      }
    }),
    changed: workflow("changed", async (ctx) => {
      await ctx.step("old name", () => 1);
      await ctx.waitForEvent("go");
      return ctx.step("last", () => "matched");
    }),
    fails: workflow("fails", async (ctx) => {
      await ctx.step("breaks", { retries: 0 }, () => {
        throw new KagziError("CONFLICT", "it is broken", { cause: new TypeError("the cause") });
      });
    }),
    counts: workflow("counts", async (ctx, n: number) => {
      if (n === 0) return ctx.continueAsNew(1);
      await ctx.sleep("hour", "1h");
      return n;
    }),
    reports: workflow("reports", async (ctx) => {
      ctx.progress({ done: 7n });
      await ctx.sleep("hour", "1h");
      return "reported";
    }),
  } as const satisfies Record<string, Workflow<unknown, unknown>>;
}

/** What an event starts. */
export const subscribed = workflow(
  "subscribed",
  { on: "order.created" },
  async (_ctx, order: { id: string }) => order.id,
);

/** Those that no worker has before the upgrade. */
export function laterOf() {
  return [
    workflow("idle", async (_ctx, input: unknown) => input),
    workflow("hears", async (ctx) => (await ctx.waitForEvent<string>("early"))?.payload),
    subscribed,
    workflow("scheduled", async (ctx, input: number) => [input, ctx.schedule?.id]),
  ];
}

/** Those with limits, before and after. */
export function limitedOf(phase: Phase, onHold = () => {}) {
  const hold = holder(phase, onHold);
  return {
    shipping: workflow(
      "shipping",
      { concurrency: [5, { limit: 1, key: "customer" }] },
      async (ctx, { customer }: Customer) => {
        await ctx.step("hold", hold);
        return customer;
      },
    ),
    asking: workflow("asking", async (ctx, who: string) => {
      await ctx.step("hold", { limit: "narrow" }, hold);
      return who;
    }),
    slow: workflow("slow", { throttle: { limit: 1, per: "1h" } }, async (_ctx, input: string) => input),
  } as const;
}
