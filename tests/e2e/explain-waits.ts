import { Client, Retry, workflow } from "kagzi";
import { expect } from "vitest";
import { ISO, type State, UUID, naps, quick, some, stepId } from "./explain-states.ts";
import { abortable, failure, reaches } from "./fixture.ts";

const ships = workflow("ships", async (ctx) => {
  await ctx.step("ship", { retry: Retry.fixed(1, "1h") }, () => {
    throw new Error("no courier");
  });
});
const tries = workflow("tries", { retry: Retry.fixed(1, "1h") }, async () => Promise.reject(new Error("no luck")));
const asks = workflow("asks", async (ctx) => ctx.waitForEvent("approved", { timeout: "1d" }));
const invokes = workflow("invokes", async (ctx) => ctx.invoke(naps, undefined, { name: "nap-first" }));
const fails = workflow("fails", async () => Promise.reject(new Error("out of stock")));
const goesOn = workflow("goes-on", async (ctx, n: number): Promise<void> =>
  n === 0 ? ctx.continueAsNew(1) : undefined,
);
const cleansUp = workflow("cleans-up", async (ctx) => {
  try {
    await ctx.sleep("long", "1d");
  } finally {
    await ctx.sleep("undo", "1d");
  }
});

const changed = (name: string) =>
  workflow("changed", async (ctx) => {
    await ctx.step(name, () => 1);
    await ctx.waitForEvent("go");
  });

/** States in which a run waits for something, stands still or is over. */
export const WAITING_STATES: readonly State[] = [
  {
    name: "waiting for a slot of a named limit",
    reach: async (f) => {
      const step = abortable();
      const limited = workflow("limited", async (ctx) => ctx.step("ask", { limit: "api" }, step.run));
      await f.work([limited], { limits: { api: { concurrency: 1 } } });
      await f.client.start(limited, undefined);
      await step.begun;
      const run = await f.client.start(limited, undefined);
      await reaches(run, "waiting");
      return run;
    },
    reasons: [{ reason: "limit", stepId: stepId("ask"), limit: { limit: 1, name: "api", holders: [some.text()] } }],
    message: new RegExp(`^step "ask" waits for a slot of limit "api": all 1 are held, by run ${UUID}$`, "u"),
    next: /^wait for one of them, or raise the limit: client\.limits/u,
  },
  {
    name: "sleeping",
    reach: async (f) => {
      await f.work([naps]);
      const run = await f.client.start(naps, undefined);
      await reaches(run, "sleeping");
      return run;
    },
    reasons: [{ reason: "time", timer: "sleep", stepId: stepId("nap"), since: some.date(), until: some.date() }],
    message: new RegExp(`^sleeps until ${ISO} \\("nap"\\)$`, "u"),
    next: /^nothing/u,
  },
  {
    name: "sleeping, before the next attempt of a step",
    reach: async (f) => {
      await f.work([ships]);
      const run = await f.client.start(ships, undefined);
      await reaches(run, "sleeping");
      return run;
    },
    reasons: [
      {
        reason: "time",
        timer: "stepRetry",
        stepId: stepId("ship"),
        attempt: 1,
        until: some.date(),
        error: expect.objectContaining({ message: "no courier" }),
      },
    ],
    message: /^attempt 1 of step "ship" failed \(no courier\), the next one is due at/u,
    next: /mend its cause/u,
  },
  {
    name: "sleeping, before the next attempt of itself",
    reach: async (f) => {
      await f.work([tries]);
      const run = await f.client.start(tries, undefined);
      await reaches(run, "sleeping");
      return run;
    },
    reasons: [{ reason: "time", timer: "runRetry", attempt: 1, until: some.date() }],
    message: /^attempt 1 of the run failed \(no luck\), the next one begins at/u,
    next: /mend its cause/u,
  },
  {
    name: "waiting for an event",
    reach: async (f) => {
      await f.work([asks]);
      const run = await f.client.start(asks, undefined);
      await reaches(run, "waiting");
      return run;
    },
    reasons: [{ reason: "event", stepId: stepId("approved"), since: some.date(), until: some.date() }],
    message: new RegExp(`^waits for event "approved" until ${ISO}$`, "u"),
    next: /run\.send\("approved"\)/u,
  },
  {
    name: "waiting for an event with a key",
    reach: async (f) => {
      const pays = workflow("pays", async (ctx) => ctx.waitForEvent("paid", { key: "order-7" }));
      await f.work([pays]);
      const run = await f.client.start(pays, undefined);
      await reaches(run, "waiting");
      return run;
    },
    reasons: [{ reason: "event", stepId: stepId("paid"), since: some.date(), key: "order-7" }],
    message: /^waits for event "paid" with key "order-7"$/u,
    next: /run\.send\("paid", payload, \{ key: "order-7" \}\)/u,
  },
  {
    name: "waiting for a child",
    reach: async (f) => {
      await f.work([invokes, naps]);
      const run = await f.client.start(invokes, undefined);
      await reaches(run, "waiting");
      const child = async () => (await run.explain()).reasons[0]?.childStatus;
      await expect.poll(child, { timeout: 10_000 }).toBe("sleeping");
      return run;
    },
    reasons: [
      {
        reason: "child",
        stepId: stepId("nap-first"),
        since: some.date(),
        childId: some.text(),
        childStatus: "sleeping",
      },
    ],
    message: new RegExp(`^waits for child "nap-first", run ${UUID}, which is sleeping$`, "u"),
    next: new RegExp(`^explain the child: kagzi run explain ${UUID}$`, "u"),
  },
  {
    name: "paused by an operator",
    reach: async (f) => {
      const run = await f.client.start(quick, undefined);
      await run.pause("not before Monday");
      return run;
    },
    reasons: [{ reason: "paused", error: expect.objectContaining({ code: "PRECONDITION_FAILED" }) }],
    message: /^paused: not before Monday$/u,
    next: /^resume it: run\.resume\(\)$/u,
  },
  {
    name: "paused, because its code no longer matches",
    reach: async (f) => {
      const first = await f.work([changed("old-name")]);
      const run = await f.client.start("changed");
      await reaches(run, "waiting");
      await first.stop();
      await f.work([changed("new-name")]);
      await run.send("go");
      await reaches(run, "paused");
      return run;
    },
    reasons: [{ reason: "paused", error: expect.objectContaining({ code: "NONDETERMINISM" }) }],
    message: /^paused: .*"old-name"/u,
    next: /^start a worker whose code matches the history/u,
  },
  {
    name: "cleaning up after a cancellation",
    reach: async (f) => {
      await f.work([cleansUp]);
      const run = await f.client.start(cleansUp, undefined);
      await reaches(run, "sleeping");
      await run.cancel({ reason: "no longer wanted", grace: "1h" });
      const reasons = async () => (await run.explain()).reasons.map((each) => each.stepId);
      await expect.poll(reasons, { timeout: 10_000 }).toContain(`${run.id}/undo`);
      return run;
    },
    reasons: [
      { reason: "cancelling", until: some.date(), error: expect.objectContaining({ code: "CANCELLED" }) },
      { reason: "time", timer: "sleep", stepId: stepId("undo") },
    ],
    message: new RegExp(`: no longer wanted; its code may clean up until ${ISO}$`, "u"),
    next: /run\.terminate\(\)/u,
  },
  {
    name: "completed",
    reach: async (f) => {
      await f.work([quick]);
      const run = await f.client.start(quick, undefined);
      await run.result();
      return run;
    },
    reasons: [{ reason: "ended", since: some.date() }],
    message: new RegExp(`^completed at ${ISO}$`, "u"),
    next: /^nothing/u,
  },
  {
    name: "completed, and gone on as a new run",
    reach: async (f) => {
      await f.work([goesOn]);
      const run = await f.client.start(goesOn, 0);
      await run.result();
      return run;
    },
    reasons: [{ reason: "ended", since: some.date(), continuedAs: some.text() }],
    message: new RegExp(`and went on as run ${UUID}$`, "u"),
    next: /^explain the run that goes on/u,
  },
  {
    name: "failed",
    reach: async (f) => {
      await f.work([fails]);
      const run = await f.client.start(fails, undefined);
      await failure(run);
      return run;
    },
    reasons: [{ reason: "ended", since: some.date(), error: expect.objectContaining({ message: "out of stock" }) }],
    message: new RegExp(`^failed at ${ISO}: INTERNAL: out of stock$`, "u"),
    next: /client\.runs\.retry\(\)/u,
  },
  {
    name: "cancelled",
    reach: async (f) => {
      const run = await f.client.start(quick, undefined);
      await run.cancel("changed my mind");
      return run;
    },
    reasons: [{ reason: "ended", error: expect.objectContaining({ code: "CANCELLED" }) }],
    message: new RegExp(`^cancelled at ${ISO}: CANCELLED: run ${UUID} was cancelled: changed my mind$`, "u"),
    next: /client\.runs\.rerun\(\)/u,
  },
  {
    name: "failed, in a namespace that is disabled",
    reach: async (f) => {
      await f.client.namespaces.create("closed");
      await f.work([fails], { namespace: "closed" });
      const client = new Client({ ...f.engine.at, namespace: "closed" });
      const run = await client.start(fails, undefined);
      await failure(run);
      await client.namespaces.disable("closed");
      return run;
    },
    reasons: [{ reason: "ended" }, { reason: "namespace" }],
    message: /^failed at/u,
    next: /client\.runs\.retry\(\)/u,
  },
];
