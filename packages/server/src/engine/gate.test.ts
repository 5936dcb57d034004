import { describe, expect, it } from "vitest";
import { deferred } from "./deferred.ts";
import { type Env, systemEnv } from "./env.ts";
import { Gate, type GateOptions } from "./gate.ts";

const one = { items: 1, bytes: 10 };
const { signal } = new AbortController();

function gate(options: Partial<GateOptions> = {}): Gate {
  return new Gate({ env: systemEnv(), atOnce: 2, items: 4, bytes: 100, ...options });
}

/** Work that is done when it is said so. */
function work(log: string[], name: string) {
  const end = deferred<void>();
  const run = async () => {
    log.push(name);
    await end.promise;
    return name;
  };
  return { run, end: end.resolve };
}

const overloaded = { detail: { code: "UNAVAILABLE", metadata: { reason: "OVERLOADED" } } };

describe("a gate", () => {
  it("lets so much through at once, and the rest in the order in which it came", async () => {
    const log: string[] = [];
    const all = ["a", "b", "c", "d"].map((name) => work(log, name));
    const [own, ...rest] = [gate(), ...all] as const;
    const done = rest.map((each) => own.pass(one, signal, each.run));
    expect(log).toEqual(["a", "b"]);
    rest[1]?.end();
    expect(await done[1]).toBe("b");
    expect(log).toEqual(["a", "b", "c"]);
    for (const each of all) each.end();
    expect(await Promise.all(done)).toEqual(["a", "b", "c", "d"]);
  });

  it("refuses what it has no room for, by number", async () => {
    const own = gate();
    const waits = work([], "wait");
    const done = Array.from({ length: 4 }, () => own.pass(one, signal, waits.run));
    await expect(own.pass(one, signal, waits.run)).rejects.toMatchObject(overloaded);
    waits.end();
    await Promise.all(done);
    expect(await own.pass(one, signal, waits.run)).toBe("wait");
  });

  it("refuses what it has no room for, by size, and takes what is too large alone", async () => {
    const own = gate();
    const waits = work([], "wait");
    const done = [own.pass({ items: 1, bytes: 1000 }, signal, waits.run)];
    await expect(own.pass(one, signal, waits.run)).rejects.toMatchObject(overloaded);
    waits.end();
    await Promise.all(done);
    expect(await own.pass(one, signal, waits.run)).toBe("wait");
  });

  it("has room again after work that failed", async () => {
    const own = gate({ atOnce: 1, items: 2 });
    const fails = async () => Promise.reject(new Error("no"));
    for (let n = 0; n < 10; n++) await expect(own.pass(one, signal, fails)).rejects.toThrow("no");
  });

  it("does nothing for a caller who has gone by then", async () => {
    const own = gate({ atOnce: 1 });
    const log: string[] = [];
    const [first, second] = [work(log, "first"), work(log, "second")];
    const gone = new AbortController();
    const done = own.pass(one, signal, first.run);
    const late = own.pass(one, gone.signal, second.run);
    gone.abort();
    first.end();
    await done;
    await expect(late).rejects.toMatchObject({ code: "CANCELLED" });
    expect(log).toEqual(["first"]);
  });

  it("asks for a wait by which all that is in the way is done, at the pace of late", async () => {
    let now = 0;
    const env: Env = { ...systemEnv(), now: () => now };
    const own = gate({ env, atOnce: 1000, items: 1000, bytes: 1e6 });
    const refusal = async () => own.pass({ items: 1000, bytes: 1 }, signal, async () => {});
    const waits = work([], "wait");
    const stays = own.pass({ items: 200, bytes: 1 }, signal, waits.run);
    await expect(refusal()).rejects.toMatchObject({ detail: { retryAfterMs: 2000 } });
    // 100 in half a second, and in each of the two that follow.
    for (now = 500; now <= 2500; now += 1000) await own.pass({ items: 100, bytes: 1 }, signal, async () => {});
    now = 2500;
    await expect(refusal()).rejects.toMatchObject({ detail: { retryAfterMs: 1050 } });
    await own.pass({ items: 600, bytes: 1 }, signal, async () => {});
    await expect(refusal()).rejects.toMatchObject({ detail: { retryAfterMs: 263 } });
    now = 10_000;
    await expect(refusal()).rejects.toMatchObject({ detail: { retryAfterMs: 2000 } });
    waits.end();
    await stays;
  });
});
