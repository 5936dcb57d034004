import { describe, expect, it } from "vitest";
import type { StepContext } from "../context/context.ts";
import type { Runtime } from "../runtime.ts";
import { runStep } from "./run-step.ts";

/** A runtime whose time goes on when it is told to. */
function manualRuntime() {
  let now = 0;
  const timers = new Map<number, () => void>();
  const runtime: Runtime = {
    now: () => now,
    random: () => 0,
    setTimer: (ms, run) => {
      const at = now + ms;
      timers.set(at, run);
      return () => timers.delete(at);
    },
  };
  const advance = (ms: number) => {
    now += ms;
    for (const [at, run] of timers) if (at <= now && timers.delete(at)) run();
  };
  return { runtime, advance };
}

function attempt(fn: (step: StepContext<never>) => unknown, timeoutMs?: number, controller = new AbortController()) {
  const { runtime, advance } = manualRuntime();
  const request = { name: "pay", fn, input: undefined, timeoutMs, retry: undefined, limit: undefined };
  const result = runStep({
    workflow: "order",
    runId: "run-1",
    key: "pay",
    attempt: 2,
    request,
    controller,
    runtime,
    intercept: undefined,
    onStray: () => {},
  });
  return { result, advance };
}

describe("an attempt of a step", () => {
  it("knows its number and its key, and gives what the function gives", async () => {
    const { result } = attempt((step) => [step.attempt, step.idempotencyKey]);
    expect(await result).toEqual([2, "run-1/pay"]);
  });

  it("fails and is aborted when its time is over, though the function goes on", async () => {
    let signal: AbortSignal | undefined;
    const { result, advance } = attempt((step) => {
      ({ signal } = step);
      return new Promise(() => {});
    }, 1000);
    advance(999);
    expect(signal?.aborted).toBe(false);
    advance(1);
    await expect(result).rejects.toMatchObject({ code: "TIMEOUT", subjectId: "run-1/pay" });
    expect(signal?.reason).toMatchObject({ code: "TIMEOUT" });
  });

  it("has its time anew with each heartbeat, and none once it has ended", async () => {
    let beat = () => {};
    let finish = (_value: string) => {};
    const { result, advance } = attempt((step) => {
      beat = step.heartbeat;
      return new Promise<string>((resolve) => {
        finish = resolve;
      });
    }, 1000);
    for (let n = 0; n < 10; n++) {
      advance(900);
      beat();
    }
    finish("done");
    expect(await result).toBe("done");
    beat();
    advance(5000);
  });

  it("is aborted when its run is taken away", async () => {
    const run = new AbortController();
    const { result } = attempt(
      (step) => new Promise((_, reject) => step.signal.addEventListener("abort", () => reject(new Error("stopped")))),
      undefined,
      run,
    );
    run.abort();
    await expect(result).rejects.toThrow("stopped");
  });
});
