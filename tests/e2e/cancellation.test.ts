import { KagziError, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { abortable, failure, reaches, signal, useEngine } from "./fixture.ts";

describe.each(ENGINES)("cancelling a run on %s", (_, open) => {
  const f = useEngine(open);

  it("reaches the signal of a step that runs, within a second", async () => {
    const step = abortable();
    const long = workflow("long", async (ctx) => {
      await ctx.step("wait", step.run);
    });
    await f.work([long]);
    const run = await f.client.start(long, undefined);
    await step.begun;
    const asked = performance.now();
    expect(await run.cancel("customer called")).toMatchObject({ cancelRequested: { code: "CANCELLED" } });
    expect(await failure(run)).toMatchObject({ code: "CANCELLED" });
    expect((await failure(run)).message).toContain("customer called");
    expect(Number(step.abortedAt) - asked).toBeLessThan(1000);
    expect(await run.status()).toMatchObject({ status: "cancelled" });
  });

  it("runs the workflow's own finally once, with steps of its own", async () => {
    const log: string[] = [];
    const begun = signal();
    const careful = workflow("careful", async (ctx) => {
      try {
        await ctx.step("reserve", () => log.push("reserve"));
        begun.resolve();
        await ctx.sleep("months", "60d");
        log.push("never");
      } catch (error) {
        log.push(error instanceof KagziError ? `caught ${error.code}` : "?");
        throw error;
      } finally {
        log.push(ctx.signal.aborted ? "told" : "not told");
        await ctx.step("release", () => log.push("release"));
        await ctx.sleep("settle", 20);
        await ctx.step("notify", () => log.push("notify"));
      }
    });
    await f.work([careful]);
    const run = await f.client.start(careful, undefined);
    await begun.promise;
    await reaches(run, "sleeping");
    await run.cancel();
    expect(await failure(run)).toMatchObject({ code: "CANCELLED" });
    expect(log.filter((line) => line === "release")).toHaveLength(1);
    expect(log).toContain("told");
    expect(log).toContain("caught CANCELLED");
    expect(log.filter((line) => line === "notify")).toHaveLength(1);
    expect(log).not.toContain("never");
  });

  it("ends as cancelled whatever the code makes of it, and keeps what went wrong in the clean-up", async () => {
    const stubborn = workflow("stubborn", async (ctx) => {
      await ctx.sleep("long", "1d").catch(() => {});
      return "done after all";
    });
    const clumsy = workflow("clumsy", async (ctx) => {
      try {
        await ctx.sleep("long", "1d");
      } finally {
        await ctx.step("undo", { retries: 0 }, () => {
          throw new Error("cannot undo");
        });
      }
    });
    await f.work([stubborn, clumsy]);
    const runs = [await f.client.start(stubborn, undefined), await f.client.start(clumsy, undefined)];
    for (const run of runs) await reaches(run, "sleeping");
    for (const run of runs) await run.cancel("enough");
    const [first, second] = await Promise.all(runs.map(failure));
    expect(first).toMatchObject({ code: "CANCELLED" });
    expect(second).toMatchObject({ code: "CANCELLED", cause: { message: "cannot undo" } });
  });

  it("ends the run when the time to clean up is over", async () => {
    const slow = workflow("slow", async (ctx) => {
      try {
        await ctx.sleep("long", "1d");
      } finally {
        await ctx.sleep("longer", "1d");
      }
    });
    await f.work([slow]);
    const run = await f.client.start(slow, undefined);
    await reaches(run, "sleeping");
    await run.cancel({ reason: "now", grace: 300 });
    expect((await failure(run)).message).toContain("its clean-up did not end in time");
  });

  it("ends a run at once whose code has not begun", async () => {
    const later = workflow("later", async () => "never");
    const delayed = await f.client.start(later, undefined, { delay: "1h" });
    expect(await delayed.cancel("changed my mind")).toMatchObject({ status: "cancelled" });
    expect((await failure(delayed)).message).toContain("changed my mind");
  });

  it("either wins or says that it lost, and is the same made twice", async () => {
    const quick = workflow("quick", async (ctx) => ctx.step("a", () => "result"));
    await f.work([quick]);
    const done = await f.client.start(quick, undefined);
    await done.result();
    const lost = await done.cancel("too late");
    expect(lost).toMatchObject({ status: "completed", output: "result" });
    expect(lost.cancelRequested).toBeUndefined();
    const waits = workflow("waits", async (ctx) => ctx.sleep("s", "1d"));
    await f.work([waits]);
    const run = await f.client.start(waits, undefined);
    await reaches(run, "sleeping");
    const answers = await Promise.all([run.cancel("once"), run.cancel("twice")]);
    for (const answer of answers) expect(answer.cancelRequested?.message).toMatch(/once|twice/);
    expect(await failure(run)).toMatchObject({ code: "CANCELLED" });
  });

  it("is refused what it cannot mean", async () => {
    const run = f.client.run("01900000-0000-7000-8000-000000000000");
    await expect(run.cancel()).rejects.toMatchObject({ code: "NOT_FOUND" });
    const waits = workflow("waits", async () => {});
    const there = await f.client.start(waits, undefined, { delay: "1h" });
    await expect(there.cancel({ grace: "2h" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(there.cancel({ grace: "soon" as never })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(there.cancel("\0")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await there.cancel();
  });

  it("cancels all runs that a filter lets through, and no others", async () => {
    const waits = workflow("waits", async (ctx) => ctx.sleep("s", "1d"));
    const other = workflow("other", async (ctx) => ctx.sleep("s", "1d"));
    await f.client.startMany(
      waits,
      Array.from({ length: 250 }, () => ({ input: undefined })),
    );
    const spared = await f.client.start(other, undefined);
    expect(await f.client.runs.cancelMany({ workflow: "waits" }, { reason: "sweep" })).toBe(250);
    expect(await f.client.runs.cancelMany({ workflow: "waits" })).toBe(0);
    const { total } = await f.client.runs.list({ status: "cancelled" }).page({ total: true });
    expect(total).toBe(250);
    expect(await spared.status()).toMatchObject({ status: "pending" });
  });
});

describe.each(ENGINES)("deadlines on %s", (_, open) => {
  const f = useEngine(open);

  it("count from the first start, and are the workflow's where the start names none", async () => {
    const slow = workflow("slow", { timeout: 400 }, async (ctx) => ctx.sleep("s", "1d"));
    const early = await f.client.start(slow, undefined);
    expect((await early.status()).deadlineAt).toBeUndefined();
    await f.work([slow]);
    expect(await failure(early)).toMatchObject({ code: "TIMEOUT" });
    const own = await f.client.start(slow, undefined, { timeout: "1h" });
    await reaches(own, "sleeping");
    const { deadlineAt, startedAt } = await own.status();
    expect(Number(deadlineAt) - Number(startedAt)).toBe(3_600_000);
  });

  it("say how long a run may wait to be picked up", async () => {
    const nobody = workflow("nobody", async () => {});
    const run = await f.client.start(nobody, undefined, { startTimeout: 200 });
    const error = await failure(run);
    expect(error).toMatchObject({ code: "TIMEOUT" });
    expect(error.message).toContain("was not picked up in time");
  });
});
