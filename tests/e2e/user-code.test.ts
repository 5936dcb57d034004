import { KagziError, Retry, type StepFunction, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { failure, signal, useEngine } from "./fixture.ts";

describe.each(ENGINES)("user code that misbehaves on %s", (_, open) => {
  const f = useEngine(open);

  it("and returns what cannot be kept fails its run, with the path", async () => {
    const bad = workflow("bad", async () => ({ ok: { fn: () => 1 } }));
    await f.work([bad]);
    const error = await failure(await f.client.start(bad, undefined));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(error.message).toContain("output.ok.fn");
  });

  it.each([
    ["undefined", undefined],
    ["a frozen object", Object.freeze({ reason: "frozen" })],
    ["a text", "just a text"],
    ["an error without a message", new Error()],
    ["an object that throws when it is looked at", new Proxy({}, { get: () => expect.fail("looked at") })],
  ])("and throws %s fails its run, and keeps what it threw as well as it can", async (what, thrown) => {
    const bad = workflow("bad", async () => {
      throw thrown;
    });
    await f.work([bad]);
    const error = await failure(await f.client.start(bad, undefined));
    expect(error).toBeInstanceOf(KagziError);
    expect(error.code).toBe("INTERNAL");
    if (what === "a text") expect(error.message).toContain("just a text");
    if (what === "a frozen object") expect(error.message).toContain("frozen");
  });

  it("and never comes to an end is running, and says so: in its own code, or in which step", async () => {
    const [inStep, mayEnd] = [signal(), signal()];
    const stuck = workflow("stuck", async (ctx) => {
      await ctx.step("slow", async () => {
        inStep.resolve();
        await mayEnd.promise;
      });
      await new Promise(() => {});
    });
    await f.work([stuck]);
    const run = await f.client.start(stuck, undefined);
    await inStep.promise;
    const reason = async () => (await run.status()).waitingFor?.reason;
    await expect.poll(reason, { timeout: 10_000 }).toBe("step");
    expect((await run.status()).waitingFor?.message).toMatch(/^step "slow" \(attempt 1\) has been running since 20/);
    mayEnd.resolve();
    await expect.poll(reason, { timeout: 10_000 }).toBe("code");
    expect(await run.status()).toMatchObject({ status: "running" });
    expect(await run.terminate()).toMatchObject({ status: "cancelled" });
  });

  it("and names a step wrongly hears so at once", async () => {
    const names: unknown[] = [undefined, "", "x".repeat(10_000), "charge#2", "a\nb", 7];
    const bad = workflow("bad", async (ctx) => {
      const fn: StepFunction<undefined, number> = () => expect.fail("it ran");
      const heard = names.map((name) => ctx.step(name as string, fn).catch((error: KagziError) => error.message));
      return Promise.all(heard);
    });
    await f.work([bad]);
    const messages = await (await f.client.start(bad, undefined)).result();
    expect(messages).toHaveLength(names.length);
    for (const message of messages) expect(message).toContain("name of a step");
    for (const message of messages) expect(String(message).length).toBeLessThan(300);
  });

  it("and calls its context from a step, or after its end, is refused with the reason", async () => {
    let kept: (() => Promise<unknown>) | undefined;
    const bad = workflow("bad", async (ctx) => {
      kept = () => ctx.step("late", () => 1);
      const calls = {
        step: () => ctx.step("inner", () => 1),
        waitForEvent: () => ctx.waitForEvent("e"),
        invoke: () => ctx.invoke("child"),
        start: () => ctx.start("child"),
        race: () => ctx.race({}),
        continueAsNew: () => ctx.continueAsNew(),
        progress: async () => ctx.progress(1),
      };
      return ctx.step("outer", async () => {
        const heard = Object.entries(calls).map(async ([name, call]) => {
          const error = await (async () => call())().catch((thrown: KagziError) => thrown);
          return `${name}: ${error instanceof KagziError ? error.message.slice(0, 60) : "allowed"}`;
        });
        return Promise.all(heard);
      });
    });
    await f.work([bad]);
    const lines = await (await f.client.start(bad, undefined)).result();
    for (const line of lines) expect(line).toMatch(/^(\w+): ctx\.\1 was called inside of step "outer"/);
    await expect(kept?.()).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
  });
});

describe.each(ENGINES)("errors on %s", (_, open) => {
  const f = useEngine(open);

  it("keep name, message, stack and their chain of causes from the step to the client", async () => {
    class CardError extends Error {
      override readonly name = "CardError";
    }
    const failing = workflow("failing", async (ctx) => {
      await ctx.step("pay", { retries: 0 }, () => {
        const root = new TypeError("bad number");
        throw new CardError("declined", { cause: new Error("bank said no", { cause: root }) });
      });
    });
    await f.work([failing]);
    const error = await failure(await f.client.start(failing, undefined));
    expect(error.message).toContain("declined");
    const [card, bank, root] = chain(error.cause);
    expect([card?.name, bank?.message, root?.name]).toEqual(["CardError", "bank said no", "TypeError"]);
    expect(card?.stack).toContain("user-code.test");
  });

  it("ask for a wait, or for no other try, by code or by name", async () => {
    const attempts: Record<string, number> = {};
    const step = (name: string, error: () => Error): StepFunction<undefined, never> => {
      return () => {
        attempts[name] = (attempts[name] ?? 0) + 1;
        throw error();
      };
    };
    const named = Object.assign(new Error("named"), { name: "Hopeless" });
    const retry = Retry.exponential(2, { initial: 1, jitter: false, nonRetryable: ["Hopeless", "NOT_FOUND"] });
    const failing = workflow("failing", async (ctx) => {
      const tries = {
        later: () => KagziError.retryAfter("later", 5),
        never: () => KagziError.nonRetryable("never"),
        conflict: () => new KagziError("CONFLICT", "taken"),
        code: () => new KagziError("NOT_FOUND", "gone"),
        name: () => named,
        other: () => new Error("other"),
      };
      const all = Object.entries(tries).map(([name, error]) => ctx.step(name, { retry }, step(name, error)));
      await Promise.allSettled(all);
    });
    await f.work([failing]);
    await (await f.client.start(failing, undefined)).result({ timeout: "10s" });
    expect(attempts).toEqual({ later: 3, never: 1, conflict: 1, code: 1, name: 1, other: 3 });
  });

  it("of the nearest policy count: the step's, then the worker's, and three more tries where nobody says", async () => {
    const attempts: number[] = [];
    const failing = workflow("failing", async (ctx) => {
      const fail = (index: number) => () => {
        attempts[index] = (attempts[index] ?? 0) + 1;
        throw KagziError.retryAfter("again", 1);
      };
      await Promise.allSettled([ctx.step("own", { retries: 1 }, fail(0)), ctx.step("worker's", fail(1))]);
    });
    await f.work([failing], { retries: 2 });
    await (await f.client.start(failing, undefined)).result({ timeout: "10s" });
    expect(attempts).toEqual([2, 3]);
    const plain = workflow("plain", async (ctx) => {
      await ctx.step("default", () => {
        attempts[2] = (attempts[2] ?? 0) + 1;
        throw KagziError.retryAfter("again", 1);
      });
    });
    await f.work([plain]);
    await failure(await f.client.start(plain, undefined));
    expect(attempts[2]).toBe(4);
  });
});

function chain(error: unknown): Error[] {
  return error instanceof Error ? [error, ...chain(error.cause)] : [];
}
