import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { PATIENCE_MS, call } from "./calls.ts";
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

describe("a call", () => {
  it("is made again until patience is over", async () => {
    const runtime = virtual();
    await expect(call({ runtime }, () => Promise.reject(unavailable))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(runtime.now()).toBeGreaterThanOrEqual(PATIENCE_MS);
    expect(runtime.now()).toBeLessThan(PATIENCE_MS + 5000);
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
