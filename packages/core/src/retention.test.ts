import { describe, expect, it } from "vitest";
import { expiresAt, isThrottling, retentionOf } from "./retention.ts";
import type { Run } from "./run.ts";

const run = (change: object) => ({ status: "completed", finishedAt: 1000, ...change }) as unknown as Run;

describe("retention", () => {
  it("is what the namespace says, else what the server does", () => {
    expect([retentionOf({}, 5), retentionOf({ retentionMs: 0 }, 5), retentionOf({ retentionMs: 7 }, 5)]).toEqual([
      5, 0, 7,
    ]);
  });

  it("begins with the end of a run, and may have no end", () => {
    expect(expiresAt(run({}), 50)).toBe(1050);
    expect(expiresAt(run({}), 0)).toBeUndefined();
    expect(expiresAt({ status: "running" } as unknown as Run, 50)).toBeUndefined();
  });

  it("leaves what a throttle counts", () => {
    const throttle = { limit: 1, perMs: 100 };
    const begun = run({ startedAt: 900, throttleKey: "" });
    expect(isThrottling(begun, throttle, 999)).toBe(true);
    expect(isThrottling(begun, throttle, 1000)).toBe(false);
    expect(isThrottling(begun, undefined, 999)).toBe(false);
    expect(isThrottling(run({ startedAt: 900 }), throttle, 999)).toBe(false);
    expect(isThrottling(run({ throttleKey: "" }), throttle, 999)).toBe(false);
  });
});
