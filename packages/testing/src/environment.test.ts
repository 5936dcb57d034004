import { KagziError, replayHistory, workflow } from "kagzi";
import { afterEach, describe, expect, it } from "vitest";
import { TestEnvironment, type TestOptions } from "./index.ts";

let open: TestEnvironment[] = [];

async function environment(workflows: TestOptions["workflows"], options: Partial<TestOptions> = {}) {
  const env = await TestEnvironment.create({ workflows, ...options });
  open.push(env);
  return env;
}

afterEach(async () => {
  await Promise.all(open.map((env) => env.close()));
  open = [];
});

const trial = workflow("trial", async (ctx, user: string) => {
  const sent: string[] = [];
  await ctx.step("welcome", () => sent.push(`welcome ${user}`));
  await ctx.sleep("trial", "30d");
  await ctx.step("remind", () => sent.push("remind"));
  return { sent, at: ctx.now() };
});

describe("time in a test", () => {
  it("stands still until it is skipped", async () => {
    const env = await environment([trial], { start: new Date("2030-01-01T00:00:00Z") });
    const run = await env.client.start(trial, "eva");
    await env.skip(0);
    expect(await run.status()).toMatchObject({ status: "sleeping", wakeUpAt: new Date("2030-01-31T00:00:00Z") });
    await env.skip("29d");
    expect((await run.status()).status).toBe("sleeping");
    await env.skip("1d");
    expect(await run.result()).toEqual({ sent: ["welcome eva", "remind"], at: new Date("2030-01-31T00:00:00Z") });
    expect(env.now).toEqual(new Date("2030-01-31T00:00:00Z"));
  });

  it("leaps by itself where that is wanted", async () => {
    const env = await environment([trial], { autoSkip: true });
    const run = await env.client.start(trial, "eva");
    const { at } = await run.result();
    expect(at.getTime()).toBeLessThanOrEqual(env.now.getTime());
  });

  it("passes a thousand days of a thousand sleeps", async () => {
    const daily = workflow("daily", async (ctx) => {
      for (let day = 0; day < 1000; day++) await ctx.sleep("day", "1d");
      return ctx.now();
    });
    const env = await environment([daily], { start: new Date(0), autoSkip: true });
    expect(await (await env.client.start(daily, undefined)).result()).toEqual(new Date(1000 * 86_400_000));
  });

  it("brings what is due in its order: waits, retries, timeouts, deadlines, delays", async () => {
    const order: string[] = [];
    const stamp = (name: string) =>
      workflow(name, async (ctx) => {
        await ctx.sleep("s", name);
        order.push(name);
      });
    const flaky = workflow("flaky", async (ctx) => {
      await ctx.step("try", { retries: 2 }, ({ attempt }) => {
        order.push(`try ${attempt}`);
        if (attempt < 3) throw KagziError.retryAfter("busy", "2h");
      });
    });
    const late = workflow("late", { timeout: "5h" }, async (ctx) => ctx.waitForEvent("never"));
    const [one, three] = [stamp("1h"), stamp("3h")];
    const env = await environment([one, three, flaky, late]);
    await env.client.start(three, undefined);
    await env.client.start(one, undefined);
    await env.client.start(flaky, undefined);
    const failing = await env.client.start(late, undefined);
    await env.skip("6h");
    expect(order).toEqual(["try 1", "1h", "try 2", "3h", "try 3"]);
    expect(await failing.status()).toMatchObject({ status: "failed", error: { code: "TIMEOUT" } });
  });

  it("ends the time that a step has, whose function hangs", async () => {
    const hangs = workflow("hangs", async (ctx) => {
      await ctx.step("hang", { timeout: "5m", retries: 0 }, () => new Promise<void>(() => {}));
    });
    const env = await environment([hangs]);
    const run = await env.client.start(hangs, undefined);
    await env.skip("5m");
    expect(await run.status()).toMatchObject({ status: "failed", error: { code: "TIMEOUT" } });
  });
});

describe("mocks", () => {
  it("stand in for steps by their name, or for one of them", async () => {
    const mails = workflow("mails", async (ctx) => {
      const first = await ctx.step("send", () => expect.fail("a real mail"));
      const second = await ctx.step("send", () => expect.fail("a real mail"));
      return [first, second];
    });
    const env = await environment([mails]);
    env.mockStep("send", ({ key }) => `mock of ${key}`);
    env.mockStep("send#2", () => ({ ok: true }));
    const run = await env.client.start(mails, undefined);
    expect(await run.result()).toEqual(["mock of send", { ok: true }]);
    expect([...env.executions.values()]).toEqual([1, 1]);
  });

  it("that throw fail the step like its own function", async () => {
    const env = await environment([trial]);
    env.mockStep("welcome", () => {
      throw KagziError.nonRetryable("no such user");
    });
    const run = await env.client.start(trial, "nobody");
    await expect(run.result()).rejects.toMatchObject({ message: "no such user" });
  });

  it("answer waits for events", async () => {
    const approval = workflow("approval", async (ctx) => {
      const event = await ctx.waitForEvent<string>("decision", { key: "k", timeout: "7d" });
      return event?.payload ?? "nobody decided";
    });
    const env = await environment([approval]);
    env.mockEvent("decision", "granted", { key: "k" });
    expect(await (await env.client.start(approval, undefined)).result()).toBe("granted");
  });
});

describe("a crash test", () => {
  it("loses the worker after each record in turn, and finds nothing done twice", async () => {
    const order = workflow("order", async (ctx, amount: number) => {
      const [a, b] = await Promise.all([ctx.step("a", () => amount + 1), ctx.step("b", () => amount + 2)]);
      await ctx.sleep("wait", "1d");
      const paid = await ctx.waitForEvent<number>("paid");
      const child = await ctx.invoke(double, a);
      return a + b + child + (paid?.payload ?? 0);
    });
    const double = workflow("double", async (ctx, n: number) => ctx.step("double", () => n * 2));
    const env = await environment([order, double]);
    env.mockEvent("paid", 100);
    const { crashes, executions } = await env.crashTest(order, 1);
    expect(crashes).toBeGreaterThanOrEqual(7);
    expect(executions).toBeGreaterThanOrEqual((crashes + 1) * 3);
  });

  it("shows code that depends on more than its history", async () => {
    let calls = 0;
    const careless = workflow("careless", async (ctx) => {
      calls += 1;
      await ctx.step("a", () => 1);
      await ctx.sleep("s", "1h");
      return calls;
    });
    const env = await environment([careless]);
    await expect(env.crashTest(careless, undefined)).rejects.toThrow(
      /with a crash after record \d+ of 5, careless ended/,
    );
  });

  it("takes a failure for a result as well", async () => {
    const failing = workflow("failing", async (ctx) => {
      await ctx.step("a", () => 1);
      await ctx.step("b", { retries: 1 }, () => {
        throw new Error("always");
      });
    });
    const env = await environment([failing]);
    expect(await env.crashTest(failing, undefined)).toMatchObject({ crashes: 3 });
  });
});

describe("a history in a file", () => {
  it("is replayed by code that matches it, and refused by code that does not", async () => {
    const make = (second: string) =>
      workflow("kept", async (ctx, n: number) => {
        const a = await ctx.step("first", () => n + 1);
        await ctx.sleep("nap", "2d");
        return ctx.step(second, () => a + 1);
      });
    const env = await environment([make("second")], { autoSkip: true });
    const run = await env.client.start("kept", 1);
    await run.result();
    const history = JSON.parse(JSON.stringify(await env.client.runs.history(run.id)));
    await replayHistory(make("second"), history);
    await expect(replayHistory(make("another"), history)).rejects.toMatchObject({ code: "NONDETERMINISM" });
  });

  it("of a run that goes on is replayed as far as it goes, and nothing is executed", async () => {
    const env = await environment([trial]);
    const run = await env.client.start(trial, "eva");
    await env.skip("1d");
    const history = await env.client.runs.history(run.id);
    let executed = 0;
    const same = workflow("trial", async (ctx, user: string) => {
      await ctx.step("welcome", () => ++executed && user);
      await ctx.sleep("trial", "30d");
      await ctx.step("remind", () => ++executed);
    });
    await replayHistory(same, history);
    expect(executed).toBe(0);
  });
});
