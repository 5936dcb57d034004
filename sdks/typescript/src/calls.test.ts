import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ClientCalls, PATIENCE_MS, backoffMs, call } from "./calls.ts";
import { KagziError } from "./error.ts";
import type { Runtime } from "./runtime.ts";

/** Time that passes only where somebody waits. */
function virtual(): Runtime & { pass: (ms: number) => void } {
  let now = 0;
  return {
    now: () => now,
    pass: (ms) => (now += ms),
    random: () => 1,
    setTimer: (ms, run) => {
      now += ms;
      queueMicrotask(run);
      return () => {};
    },
  };
}

const unavailable = new ConnectError("nobody is there", Code.Unavailable);

describe("the wait before another try", () => {
  it("is within its bounds after any number of tries, and is spread over half of them", () => {
    const waits = (random: number) =>
      [1, 2, 5, 6, 7, 100, 10_000].map((tries) => backoffMs({ ...virtual(), random: () => random }, tries));
    expect(waits(1)).toEqual([50, 100, 800, 1600, 2000, 2000, 2000]);
    expect(waits(0)).toEqual(waits(1).map((ms) => ms / 2));
  });
});

describe("a call", () => {
  it("is made again until patience is over", async () => {
    const runtime = virtual();
    await expect(call({ runtime }, () => Promise.reject(unavailable))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(runtime.now()).toBeGreaterThanOrEqual(PATIENCE_MS);
    expect(runtime.now()).toBeLessThan(PATIENCE_MS + 5000);
  });

  it("is made again when the server has asked for it, each time twice as late, and up to half as long later", async () => {
    const runtime = virtual();
    const refused = new KagziError("UNAVAILABLE", "more than can be done", { retryAfter: 1000 });
    const times: number[] = [];
    const make = async () => {
      times.push(runtime.now());
      if (times.length === 4) return "done";
      throw refused;
    };
    expect(await call({ runtime }, make)).toBe("done");
    expect(times).toEqual([0, 1500, 4500, 7500]);
  });

  it("waits for its turn with the others of its client, and those that servers hold with their like", async () => {
    const runtime = virtual();
    const calls = new ClientCalls();
    let [underWay, most] = [0, 0];
    let end = () => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    const make = async () => {
      most = Math.max(most, ++underWay);
      await ended;
      underWay -= 1;
    };
    const all = Array.from({ length: 5000 }, () => call({ runtime, calls }, make));
    expect(most).toBe(100);
    all.push(...Array.from({ length: 6000 }, () => call({ runtime, calls, isHeld: true }, make)));
    expect(most).toBe(5100);
    end();
    await Promise.all(all);
    expect(underWay).toBe(0);
  });

  it("that is refused leaves its client with fewer at once", async () => {
    const runtime = virtual();
    const calls = new ClientCalls();
    const refused = new KagziError("UNAVAILABLE", "more than can be done", { retryAfter: 10 });
    for (let n = 0; n < 50; n++) {
      let tries = 0;
      await call({ runtime, calls }, async () => {
        if (++tries === 1) throw refused;
      });
    }
    let begun = 0;
    for (let n = 0; n < 200; n++) void call({ runtime, calls }, () => new Promise(() => (begun += 1)));
    expect(begun).toBe(56);
  });

  it("that servers hold for long is made again however many of them are lost meanwhile", async () => {
    const runtime = virtual();
    let tries = 0;
    const make = async () => {
      tries += 1;
      if (tries === 20) return "done";
      // Every other try finds no server, and the others are held by one that is lost then.
      if (tries % 2 === 0) runtime.pass(20_000);
      throw unavailable;
    };
    expect(await call({ runtime, isHeld: true }, make)).toBe("done");
  });

  it("that servers would hold is given up where there is none", async () => {
    const runtime = virtual();
    const made = call({ runtime, isHeld: true }, () => Promise.reject(unavailable));
    await expect(made).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
