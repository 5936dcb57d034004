import { randomUUID } from "node:crypto";
import { type Context, Retry, type StepContext, workflow } from "kagzi";
import { pause } from "./chance.ts";
import type { ChaosEntry, Output } from "./entries.ts";

/** What most runs of the workload are started with. */
export interface Job {
  readonly key: string;
  /** How long a step of it takes, in milliseconds: some do until their process is gone. */
  readonly stepMs: number;
  /** Whether the first attempt of a step of it fails. */
  readonly stumbles: boolean;
}

/** Slots of the named limit of the workload, in the whole fleet. */
export const API_SLOTS = 12;
/** Generations of a run that goes on as a new one. */
export const GENERATIONS = 4;
/** Notes that a mailbox is sent. */
export const NOTES = [1, 2, 3];
/** Steps of a run that is to be cancelled in the middle. */
export const LONG_STEPS = 8;

type Append = (entry: ChaosEntry) => Promise<void>;

/** What a step is handed beside its name. */
interface Work {
  readonly saw: readonly string[];
  readonly ms: number;
  /** The attempts up to this one fail. */
  readonly fails?: number;
  readonly limit?: string;
}

/**
 * Every workflow of the workload. Each execution of a step gives another nonce, so that it can be told whose result was
 * kept; each step is handed the nonces of those before it.
 */
export function chaosWorkflows(by: string, append: Append) {
  const link = workflow("link", async (ctx, { ms, saw }: Work): Promise<Output> => {
    return { saw: [await step(ctx, "link", { saw, ms })], heard: [] };
  });

  /** Steps one after the other and side by side, a retry, a sleep, a child, an event, a slot of a limit. */
  const order = workflow("order", async (ctx, { stepMs: ms, stumbles }: Job): Promise<Output> => {
    const one = await step(ctx, "one", { saw: [], ms });
    const two = await step(ctx, "two", { saw: [one], ms, fails: stumbles ? 1 : 0 });
    await ctx.sleep("pause", "150ms");
    const [left, right] = await Promise.all([
      step(ctx, "left", { saw: [two], ms }),
      step(ctx, "right", { saw: [two], ms }),
    ]);
    const child = await ctx.invoke(link, { saw: [left, right], ms });
    const go = await ctx.waitForEvent<string>("go");
    const three = await step(ctx, "three", { saw: child.saw, ms, limit: "api" });
    return { saw: [one, two, left, right, ...child.saw, three], heard: [go?.payload ?? null] };
  });

  /** Events of the namespace, in the order in which they were sent, with a step after each. */
  const mailbox = workflow("mailbox", async (ctx, { key, stepMs: ms }: Job): Promise<Output> => {
    const [saw, heard]: [string[], Output["heard"][number][]] = [[], []];
    for (const n of NOTES) {
      const note = await ctx.waitForEvent<number>("note", { key });
      heard.push(note?.payload ?? null);
      saw.push(await step(ctx, `note-${n}`, { saw, ms }));
    }
    return { saw, heard };
  });

  /** An event that may come before its time is over, or after. */
  const race = workflow("race", async (ctx, { key, stepMs: ms }: Job): Promise<Output> => {
    const before = await step(ctx, "before", { saw: [], ms });
    const { value, winner } = await ctx.race({
      event: ctx.waitForEvent<string>("maybe", { key }),
      limit: ctx.sleep("limit", "400ms"),
    });
    const after = await step(ctx, "after", { saw: [before], ms });
    return { saw: [before, after], heard: [winner === "event" ? (value?.payload ?? null) : null] };
  });

  /** Goes on and on, to be cancelled. */
  const long = workflow("long", async (ctx, { stepMs: ms }: Job): Promise<Output> => {
    const saw: string[] = [];
    for (let n = 1; n <= LONG_STEPS; n++) {
      saw.push(await step(ctx, `long-${n}`, { saw: saw.slice(-1), ms }));
      await ctx.sleep("pause", "120ms");
    }
    return { saw, heard: [] };
  });

  /** Ends and goes on as a new run, with what it saw. */
  const generations = workflow(
    "generations",
    async (ctx, job: Job & { readonly saw: readonly string[] }): Promise<Output> => {
      const saw = [...job.saw, await step(ctx, "generation", { saw: job.saw, ms: job.stepMs })];
      return saw.length < GENERATIONS ? ctx.continueAsNew({ ...job, saw }) : { saw, heard: [] };
    },
  );

  /** Sends what its step gave to whoever waits for it, and to a run that begins with it. */
  const shout = workflow("shout", async (ctx, { key, stepMs: ms }: Job): Promise<Output> => {
    const word = await step(ctx, "word", { saw: [], ms });
    await ctx.send("shout", { key, word }, { key });
    return { saw: [word], heard: [] };
  });

  const listener = workflow("listener", async (ctx, { key, stepMs: ms }: Job): Promise<Output> => {
    const event = await ctx.waitForEvent<{ readonly word: string }>("shout", { key });
    const word = event?.payload.word ?? "";
    return { saw: [await step(ctx, "heard", { saw: [word], ms })], heard: [word] };
  });

  const echo = workflow("echo", { on: "shout" }, async (ctx, { word }: { readonly word: string }): Promise<Output> => {
    return { saw: [await step(ctx, "echo", { saw: [word], ms: 10 })], heard: [word] };
  });

  /** A step that fails for good, and what makes up for it. */
  const saga = workflow("saga", async (ctx, { stepMs: ms }: Job): Promise<Output> => {
    const done = await step(ctx, "do", { saw: [], ms });
    try {
      await step(ctx, "fail", { saw: [done], ms: 5, fails: 3 });
      return { saw: [done], heard: [] };
    } catch {
      return { saw: [done, await step(ctx, "undo", { saw: [done], ms })], heard: [] };
    }
  });

  /** Fails. */
  const doomed = workflow("doomed", async (ctx, { stepMs: ms }: Job): Promise<Output> => {
    const done = await step(ctx, "do", { saw: [], ms });
    throw new Error(`doomed, after ${done}`);
  });

  /** Held back by limits of the workflow. */
  const metered = workflow(
    "metered",
    { concurrency: [8, { limit: 1, key: "customer" }] },
    async (ctx, { stepMs: ms }: Job & { readonly customer: string }): Promise<Output> => {
      const first = await step(ctx, "first", { saw: [], ms });
      return { saw: [first, await step(ctx, "second", { saw: [first], ms })], heard: [] };
    },
  );

  const everySecond = { every: "1s", maxCatchup: 1000, overlap: "allow" } as const;
  const tick = workflow("tick", { schedule: everySecond }, async (ctx): Promise<Output> => {
    return { saw: [await step(ctx, "tick", { saw: [], ms: 5 })], heard: [] };
  });
  const everyMinute = { cron: "* * * * *", maxCatchup: 1000, overlap: "allow" } as const;
  const tock = workflow("tock", { schedule: everyMinute }, async (ctx): Promise<Output> => {
    return { saw: [await step(ctx, "tock", { saw: [], ms: 5 })], heard: [] };
  });

  return [
    link,
    order,
    mailbox,
    race,
    long,
    generations,
    shout,
    listener,
    echo,
    saga,
    doomed,
    metered,
    tick,
    tock,
  ] as const;

  function step(ctx: Context, name: string, work: Work): Promise<string> {
    const { fails = 0, limit, ms, saw } = work;
    const retry = Retry.fixed(2, "30ms");
    const options = { retry, ...(limit !== undefined && { limit }) };
    return ctx.step(name, options, ({ attempt }: StepContext) =>
      perform({ run: ctx.runId, step: name, attempt, saw }, { ms, fails: attempt <= fails }),
    );
  }

  async function perform(
    about: Omit<Extract<ChaosEntry, { kind: "exec" }>, "kind" | "nonce" | "by">,
    { fails, ms }: { readonly ms: number; readonly fails: boolean },
  ): Promise<string> {
    const nonce = randomUUID();
    await append({ kind: "exec", ...about, nonce, by });
    await pause(ms * Math.random() * 2);
    if (fails) throw new Error(`attempt ${about.attempt} fails`);
    await append({ kind: "ret", run: about.run, step: about.step, nonce, by });
    return nonce;
  }
}
