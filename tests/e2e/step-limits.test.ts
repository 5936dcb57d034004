import { Client, Retry, Worker, replayHistory, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { failure, quiet, reaches, signal, useEngine } from "./fixture.ts";

interface Shared {
  readonly gate: ReturnType<typeof signal>;
  readonly state: { going: number; most: number; readonly begun: string[] };
}

/** A workflow with a step that needs a slot, which runs until it is let go. */
function asking(limit = "openai", name = "ask", shared?: Shared) {
  const { gate, state } = shared ?? { gate: signal(), state: { going: 0, most: 0, begun: [] } };
  const definition = workflow(name, async (ctx, who: string) => {
    const answer = await ctx.step("ask", { limit, retries: 0 }, async ({ signal: aborted }) => {
      state.begun.push(who);
      state.going += 1;
      state.most = Math.max(state.most, state.going);
      await Promise.race([
        gate.promise,
        new Promise<void>((resolve) => aborted.addEventListener("abort", () => resolve())),
      ]);
      state.going -= 1;
      return who;
    });
    return answer;
  });
  return { definition, gate, state };
}

describe.each(ENGINES)("limits of steps (%s)", (_, open) => {
  const fixture = useEngine(open);
  const limits = { openai: { concurrency: 2 } };

  it("let so many steps run at once in the whole fleet, whatever their workflows, and park the others' runs", async () => {
    const one = asking();
    const other = asking("openai", "other", one);
    const workers = await Promise.all([
      fixture.work([one.definition, other.definition], { limits, concurrency: 3 }),
      fixture.work([one.definition, other.definition], { limits, concurrency: 3 }),
    ]);
    const first = await fixture.client.startMany(
      one.definition,
      ["a", "b", "c", "d"].map((input) => ({ input })),
    );
    await expect.poll(() => one.state.going).toBe(2);
    const later = await fixture.client.startMany(
      other.definition,
      ["e", "f", "g", "h"].map((input) => ({ input })),
    );
    // They wait, and no slot of a worker with them: whatever else there is to do is done.
    await Promise.all(later.map((run) => reaches(run, "waiting")));
    await expect.poll(() => workers.reduce((sum, worker) => sum + worker.activeCount, 0)).toBe(2);
    const { holders, waiting } = await fixture.client.limits.get("openai");
    expect([holders.map(({ step }) => step), waiting]).toEqual([["ask", "ask"], 6]);
    one.gate.resolve();
    await Promise.all([...first, ...later].map((run) => run.result({ timeout: "20s" })));
    expect(one.state.most).toBe(2);
    expect(await fixture.client.limits.get("openai")).toMatchObject({ holders: [], waiting: 0 });
  });

  it("serve those who wait in the order in which they came, and a higher priority first", async () => {
    const { definition, gate, state } = asking();
    await fixture.work([definition], { limits: { openai: { concurrency: 1 } } });
    const start = async (who: string, priority = 0) => {
      const run = await fixture.client.start(definition, who, { priority });
      if (state.begun.length > 0) await reaches(run, "waiting");
      else await expect.poll(() => state.begun.length).toBe(1);
      return run;
    };
    const runs = [await start("a"), await start("b"), await start("c"), await start("urgent", 5)];
    gate.resolve();
    await Promise.all(runs.map((run) => run.result({ timeout: "20s" })));
    expect(state.begun).toEqual(["a", "urgent", "b", "c"]);
  });

  it("are changed while steps wait", async () => {
    const { definition, gate, state } = asking();
    await fixture.work([definition], { limits: { openai: { concurrency: 1 } } });
    const runs = await fixture.client.startMany(
      definition,
      ["a", "b", "c"].map((input) => ({ input })),
    );
    await expect.poll(() => state.going).toBe(1);
    await fixture.client.limits.set("openai", { concurrency: 3 });
    await expect.poll(() => state.going).toBe(3);
    gate.resolve();
    await Promise.all(runs.map((run) => run.result({ timeout: "20s" })));
    await fixture.client.limits.set("openai", undefined);
    expect((await fixture.client.limits.get("openai")).override).toBeUndefined();
  });

  it("let so many begin within a time, and drop none", async () => {
    const begun: number[] = [];
    const call = workflow("call", async (ctx) => {
      for (const name of ["first", "second", "third"]) {
        await ctx.step(name, { limit: "api" }, () => void begun.push(Date.now()));
      }
    });
    await fixture.work([call], { limits: { api: { throttle: { limit: 2, per: "400ms" } } } });
    const runs = await fixture.client.startMany(call, [{ input: undefined }, { input: undefined }]);
    await Promise.all(runs.map((run) => run.result({ timeout: "20s" })));
    expect(begun).toHaveLength(6);
    // Two in each window, so that the last two come two windows after the first two. A step begins a moment after its slot.
    expect((begun.at(-1) ?? 0) - (begun[0] ?? 0)).toBeGreaterThanOrEqual(700);
  });

  it("lose no slot with a worker that is lost", async () => {
    const { definition, gate, state } = asking();
    const limit = { limits: { openai: { concurrency: 1 } } };
    const doomed = new Worker({ ...fixture.engine.at, workflows: [definition], logger: quiet, ...limit });
    await doomed.start();
    const held = await fixture.client.start(definition, "held");
    await expect.poll(() => state.going).toBe(1);
    // Its functions are aborted and its runs given back: the slot goes with the lease.
    const leaving = doomed.stop();
    await fixture.work([definition], limit);
    const next = await fixture.client.start(definition, "next");
    gate.resolve();
    await leaving;
    expect(await Promise.all([held, next].map((run) => run.result({ timeout: "20s" })))).toEqual(["held", "next"]);
  });

  it("free the slot of a step that fails, is retried or has lost a race", async () => {
    const log: string[] = [];
    const clumsy = workflow("clumsy", async (ctx) => {
      let tries = 0;
      await ctx.step("fails once", { limit: "one" }, () => {
        tries += 1;
        if (tries === 1) throw new Error("once");
        log.push("again");
      });
      // Which of the two is given the slot is nobody's business; the other one waits for it in vain.
      const untilAborted = ({ signal: aborted }: { readonly signal: AbortSignal }) => {
        log.push("slow");
        return new Promise<void>((resolve) => aborted.addEventListener("abort", () => resolve()));
      };
      const { winner } = await ctx.race({
        one: ctx.step("one", { limit: "one" }, untilAborted),
        other: ctx.step("other", { limit: "one" }, untilAborted),
        enough: ctx.waitForEvent("enough"),
      });
      log.push(winner);
      await ctx.step("last", { limit: "one" }, () => void log.push("last"));
      return "done";
    });
    await fixture.work([clumsy], { limits: { one: { concurrency: 1 } }, retry: Retry.fixed(3, 10) });
    const run = await fixture.client.start(clumsy, undefined);
    await expect.poll(() => log, { timeout: 10_000 }).toEqual(["again", "slow"]);
    await run.send("enough");
    expect(await run.result({ timeout: "20s" })).toBe("done");
    expect(log).toEqual(["again", "slow", "enough", "last"]);
    // A replay has no worker, which could declare limits, and needs none.
    await replayHistory(clumsy, await fixture.client.runs.history(run.id));
  });

  it("fail a step whose worker does not declare its limit", async () => {
    const { definition } = asking("unknown");
    await fixture.work([definition], { limits });
    const error = await failure(await fixture.client.start(definition, "a"));
    expect([error.code, error.message]).toEqual(["INVALID_ARGUMENT", expect.stringContaining('"unknown"')]);
    await expect(fixture.client.limits.get("unknown")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(fixture.client.limits.set("unknown", { concurrency: 1 })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("limits of steps that make no sense", () => {
  it.each([
    ["a key", { concurrency: { limit: 1, key: "a" } }],
    ["a throttle with a key", { throttle: { limit: 1, per: "1m", key: "a" } }],
    ["nothing that is limited", {}],
    ["none at all", { concurrency: 0 }],
  ])("are refused where they are written: %s", (__, options) => {
    const empty = workflow("empty", async () => {});
    const connection = {} as never;
    expect(() => new Worker({ connection, workflows: [empty], limits: { openai: options } })).toThrow(/openai/);
    return expect(new Client({ connection }).limits.set("openai", options)).rejects.toThrow(/openai/);
  });
});
