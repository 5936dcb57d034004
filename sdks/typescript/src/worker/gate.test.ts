import { describe, expect, it } from "vitest";
import { Gate } from "./gate.ts";

describe("a gate", () => {
  it("lets so many through at once, the others in turn, and a place is free again after a failure", async () => {
    const gate = new Gate(2);
    const ends: (() => void)[] = [];
    const begun: number[] = [];
    const passes = upTo5((n) =>
      gate.pass(async () => {
        begun.push(n);
        await new Promise<void>((resolve) => ends.push(resolve));
        if (n === 1) throw new Error("one fails");
        return n;
      }),
    );
    const settled = Promise.allSettled(passes);
    await turn();
    expect(begun).toEqual([1, 2]);
    for (let ended = 0; ended < 5; ended++) {
      ends[ended]?.();
      await turn();
      expect(begun.length).toBe(Math.min(5, ended + 3));
    }
    expect((await settled).map(({ status }) => status === "fulfilled")).toEqual([false, true, true, true, true]);
  });
});

function upTo5<Made>(make: (n: number) => Made): Made[] {
  return [1, 2, 3, 4, 5].map(make);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
