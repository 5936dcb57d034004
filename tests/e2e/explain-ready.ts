import { type RunHandle, workflow } from "kagzi";
import { expect } from "vitest";
import { ISO, type State, UUID, naps, quick, servicesOf, some, stepId } from "./explain-states.ts";
import { type Fixture, abortable } from "./fixture.ts";

/** A run in the middle of its only step. */
async function inTheMiddle(f: Fixture): Promise<RunHandle<unknown>> {
  const step = abortable();
  const busy = workflow("busy", async (ctx) => ctx.step("work", step.run));
  await f.work([busy]);
  const run = await f.client.start(busy, undefined);
  await step.begun;
  return run;
}

async function becomes(run: RunHandle<unknown>, reason: string): Promise<RunHandle<unknown>> {
  const first = async () => (await run.explain()).reasons[0]?.reason;
  await expect.poll(first, { timeout: 15_000, interval: 20 }).toBe(reason);
  return run;
}

/** States in which a run waits to be taken, or is with a worker. */
export const READY_STATES: readonly State[] = [
  {
    name: "pending, to start later",
    reach: (f) => f.client.start(quick, undefined, { delay: "1h" }),
    reasons: [{ reason: "time", timer: "start", until: some.date(), since: some.date() }],
    message: new RegExp(`^starts at ${ISO}$`, "u"),
    next: /^nothing/u,
  },
  {
    name: "pending, with nobody there",
    reach: (f) => f.client.start(quick, undefined),
    reasons: [{ reason: "worker", since: some.date(), instead: { offered: [], draining: 0, taskQueues: [] } }],
    message: /^no worker has quick@1; no worker is online$/u,
    next: /^start a worker that has quick@1/u,
  },
  {
    name: "pending, in a version that workers do not have",
    reach: async (f) => {
      await f.work([quick, naps]);
      return f.client.start("quick", undefined, { version: "7" });
    },
    reasons: [{ reason: "worker", instead: { offered: ["quick@1", "naps@1"], draining: 0, taskQueues: [] } }],
    message: /^no worker has quick@7; online workers have quick@1, naps@1$/u,
    next: /^start a worker that has quick@7/u,
  },
  {
    name: "pending, with a worker that takes no more",
    reach: async (f) => {
      const worker = await f.work([quick]);
      await servicesOf(f).admin.drainWorker({ workerId: worker.id ?? "" });
      return f.client.start(quick, undefined);
    },
    reasons: [{ reason: "worker", instead: { offered: [], draining: 1, taskQueues: [] } }],
    message: /1 that have it finish what they hold and take no more$/u,
    next: /^start a worker/u,
  },
  {
    name: "pending, in a task queue where no worker is",
    reach: async (f) => {
      await f.work([quick]);
      const { runId } = await servicesOf(f).workflows.startWorkflow({ workflowType: "quick", taskQueue: "gpu" });
      return f.client.run(runId);
    },
    reasons: [{ reason: "worker", instead: { offered: [], draining: 0, taskQueues: [""] } }],
    message: /workers of task queue "" have it$/u,
    next: /task queue/u,
  },
  {
    name: "pending, with all places of its key taken",
    reach: async (f) => {
      const step = abortable();
      const options = { concurrency: { limit: 1, key: "customer" } };
      const limited = workflow<{ customer: string }, unknown>("limited", options, async (ctx) =>
        ctx.step("hold", step.run),
      );
      await f.work([limited]);
      await f.client.start(limited, { customer: "acme" });
      await step.begun;
      return f.client.start(limited, { customer: "acme" });
    },
    reasons: [{ reason: "limit", limit: { limit: 1, key: "acme", holders: [some.text()] } }],
    message: new RegExp(
      `^1 run\\(s\\) of its workflow for "acme" may go on at once, and the places are held, by run ${UUID}$`,
      "u",
    ),
    next: /^wait for one of them, or raise the limit: client\.workflows/u,
  },
  {
    name: "pending, with all starts of its time taken",
    reach: async (f) => {
      const options = { throttle: { limit: 1, per: "1h" } };
      const throttled = workflow("throttled", options, async () => "done");
      await f.work([throttled]);
      await (await f.client.start(throttled, undefined)).result();
      return f.client.start(throttled, undefined);
    },
    reasons: [{ reason: "throttle", until: some.date(), limit: { limit: 1, perMs: 3_600_000, holders: [] } }],
    message: new RegExp(
      `^1 run\\(s\\) of its workflow may begin within 3600000 ms, and have: the next one may begin at ${ISO}$`,
      "u",
    ),
    next: /^wait, or raise the limit: client\.workflows/u,
  },
  {
    name: "pending, with all slots taken",
    reach: async (f) => {
      const step = abortable();
      const slow = workflow("slow", async (ctx) => ctx.step("hold", step.run));
      await f.work([slow], { concurrency: 1 });
      await f.client.start(slow, undefined);
      await step.begun;
      await f.client.start(slow, undefined, { priority: 5 });
      const run = await f.client.start(slow, undefined);
      const taken = async () => (await run.explain()).reasons[0]?.slots?.taken;
      await expect.poll(taken, { timeout: 10_000 }).toBe(1);
      return run;
    },
    reasons: [
      {
        reason: "slot",
        since: some.date(),
        slots: {
          workers: [{ workerId: some.text(), taken: 1, slots: 1 }],
          workerCount: 1,
          total: 1,
          taken: 1,
          holders: [some.text()],
          ahead: 1,
        },
      },
    ],
    message: /^1 worker\(s\) have this workflow, and no free slot: 1 of 1 are taken; 1 run\(s\) go before it$/u,
    next: /^wait, start more workers/u,
  },
  {
    name: "running, and moving",
    reach: inTheMiddle,
    reasons: [{ reason: "running", since: some.date(), workerId: some.text(), heardAt: some.date() }],
    message: new RegExp(`^worker ${UUID} has it since ${ISO}, and nothing has taken long$`, "u"),
    next: /^nothing/u,
  },
  {
    name: "running, in a step that takes long",
    reach: async (f) => becomes(await inTheMiddle(f), "step"),
    reasons: [{ reason: "step", stepId: stepId("work"), attempt: 1, since: some.date(), workerId: some.text() }],
    message: /^step "work" \(attempt 1\) has been running since/u,
    next: /what the step's function is doing/u,
  },
  {
    name: "running, in its own code",
    reach: async (f) => {
      const stuck = workflow("stuck", async () => new Promise<void>(() => {}));
      await f.work([stuck]);
      const run = await f.client.start(stuck, undefined);
      return becomes(run, "code");
    },
    reasons: [{ reason: "code", since: some.date(), workerId: some.text() }],
    message: /^the workflow's own code is running/u,
    next: /^await only what the context gives/u,
  },
  {
    name: "running, about to be paused",
    reach: async (f) => {
      const run = await inTheMiddle(f);
      await run.pause("look at this");
      return run;
    },
    reasons: [{ reason: "paused", workerId: some.text() }, {}],
    message: /^to be paused, when its worker gives it back: look at this$/u,
    next: /^resume it/u,
  },
];
