import { describe, expect, it } from "vitest";
import { decideSlot, freeSlots } from "./slot.ts";
import type { WorkflowLimits } from "./workflow-limits.ts";

const THREE: WorkflowLimits = { concurrency: [{ limit: 3 }] };
const TWO_A_MINUTE: WorkflowLimits = { concurrency: [], throttle: { limit: 2, perMs: 60_000 } };

describe("free slots", () => {
  it("are those that nobody holds, as far as a throttle lets them begin", () => {
    expect(freeSlots(THREE, { held: 1, begun: 9 })).toBe(2);
    expect(freeSlots(TWO_A_MINUTE, { held: 9, begun: 1 })).toBe(1);
    expect(freeSlots({ ...THREE, ...TWO_A_MINUTE, concurrency: THREE.concurrency }, { held: 2, begun: 0 })).toBe(1);
  });
});

describe("a slot", () => {
  it("is given to a step for which there is one beyond those of the steps ahead of it", () => {
    expect(decideSlot(THREE, { held: 1, begun: 0, ahead: 1 })).toEqual({ granted: true });
    expect(decideSlot(THREE, { held: 1, begun: 0, ahead: 2 })).toEqual({ granted: false });
    expect(decideSlot(THREE, { held: 3, begun: 0, ahead: 0, until: 7 })).toEqual({ granted: false });
  });

  it("that a throttle holds back is to be had when its window moves on", () => {
    expect(decideSlot(TWO_A_MINUTE, { held: 0, begun: 2, ahead: 0, until: 7 })).toEqual({ granted: false, until: 7 });
    expect(decideSlot(TWO_A_MINUTE, { held: 0, begun: 2, ahead: 0 })).toEqual({ granted: false });
    expect(decideSlot(TWO_A_MINUTE, { held: 0, begun: 1, ahead: 1, until: 7 })).toEqual({ granted: false });
  });
});
