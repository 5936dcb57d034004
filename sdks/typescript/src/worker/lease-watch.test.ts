import { beforeEach, describe, expect, it } from "vitest";
import { LeaseWatch } from "./lease-watch.ts";

const LEASE_MS = 1000;
const a = { runId: "a", epoch: 1 };
const b = { runId: "b", epoch: 4 };

describe("a worker's watch over its leases", () => {
  let watch: LeaseWatch;

  beforeEach(() => {
    watch = new LeaseWatch();
    watch.begin(0, LEASE_MS);
    watch.took(a, { now: 1, sentAt: 0 });
  });

  it("is sure of a run while heartbeats are answered within a lease", () => {
    expect(watch.isSure(a, LEASE_MS - 1)).toBe(true);
    watch.renewed({ sentAt: 900, named: [], held: [a] });
    expect(watch.isSure(a, 1899)).toBe(true);
    expect(watch.isSure(a, 1900)).toBe(false);
  });

  it("counts from when a heartbeat was sent, in whatever order their answers come", () => {
    watch.renewed({ sentAt: 900, named: [a], held: [a] });
    watch.renewed({ sentAt: 600, named: [a], held: [a] });
    expect(watch.isSure(a, 1899)).toBe(true);
  });

  it("is sure again of what the first heartbeat after a lapse named, and of the rest when one names it", () => {
    watch.took(b, { now: 2, sentAt: 1 });
    watch.renewed({ sentAt: 5000, named: [a], held: [a, b] });
    expect([watch.isSure(a, 5001), watch.isSure(b, 5001)]).toEqual([true, false]);
    watch.renewed({ sentAt: 5300, named: [a], held: [a, b] });
    expect(watch.isSure(b, 5301)).toBe(false);
    watch.renewed({ sentAt: 5600, named: [a, b], held: [a, b] });
    expect(watch.isSure(b, 5601)).toBe(true);
  });

  it("is not sure of a run that it is given late: it was sent before the lapse was over", () => {
    watch.took(b, { now: 4999, sentAt: 800 });
    watch.renewed({ sentAt: 5000, named: [a], held: [a, b] });
    const late = { runId: "late", epoch: 1 };
    watch.took(late, { now: 5001, sentAt: 900 });
    const fresh = { runId: "fresh", epoch: 1 };
    watch.took(fresh, { now: 5002, sentAt: 5001 });
    expect([b, late, fresh].map((run) => watch.isSure(run, 5003))).toEqual([false, false, true]);
    watch.renewed({ sentAt: 5300, named: [b, late], held: [a, b, late, fresh] });
    expect([b, late, fresh].map((run) => watch.isSure(run, 5301))).toEqual([true, true, true]);
  });

  it("knows a message that was long on its way from one that was not, whatever comes before it", () => {
    expect(watch.sentAt(10_100, 100)).toBe(100);
    expect(watch.sentAt(10_250, 200)).toBe(200);
    expect(watch.sentAt(10_300, 4000)).toBe(250);
    expect(watch.sentAt(10_400, 4001)).toBe(350);
    expect(watch.sentAt(14_050, 4010)).toBe(4000);
  });

  it("takes the same run under another lease for another one", () => {
    watch.renewed({ sentAt: 5000, named: [], held: [a] });
    const again = { ...a, epoch: 3 };
    watch.took(again, { now: 5100, sentAt: 5050 });
    expect([watch.isSure(a, 5101), watch.isSure(again, 5101)]).toEqual([false, true]);
  });

  it("forgets all doubt when the worker registers anew", () => {
    watch.renewed({ sentAt: 5000, named: [], held: [a] });
    watch.begin(6000, LEASE_MS);
    watch.took(a, { now: 6001, sentAt: 6000 });
    expect(watch.isSure(a, 6002)).toBe(true);
  });
});
