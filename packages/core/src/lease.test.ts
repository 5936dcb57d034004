import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NamespaceId, RunId } from "./ids.ts";
import {
  DELIVERY_GRACE_MS,
  type LapsedLease,
  MAX_CRASHES,
  compareLeases,
  crashesSince,
  crashesWithClaim,
  decideTakeover,
  matchLeases,
} from "./lease.ts";

const NAMESPACE = "default" as NamespaceId;
const lease = (runId: string, epoch = 1) => ({ runId: runId as RunId, epoch });
const granted = (runId: string, claimedAt: number, epoch = 1) => ({
  ...lease(runId, epoch),
  claimedAt,
  cancelling: false,
});

describe("a heartbeat", () => {
  const now = 100_000;

  it("tells the worker of runs that it no longer holds, or holds under another lease", () => {
    const { lost, forgotten } = compareLeases({
      named: [lease("kept"), lease("gone"), lease("older", 1)],
      granted: [granted("kept", 0), granted("older", now, 2)],
      now,
    });
    expect(lost).toEqual([lease("gone"), lease("older", 1)]);
    expect(forgotten).toEqual([]);
  });

  it("gives back runs that the worker does not name, once they have had the time to reach it", () => {
    const { forgotten } = compareLeases({
      named: [],
      granted: [granted("on its way", now - DELIVERY_GRACE_MS), granted("forgotten", now - DELIVERY_GRACE_MS - 1)],
      now,
    });
    expect(forgotten.map(({ runId }) => runId)).toEqual(["forgotten"]);
  });

  it("finds nothing to say when both sides agree", () => {
    const leases = fc.uniqueArray(fc.record({ runId: fc.uuid(), epoch: fc.integer({ min: 1, max: 5 }) }), {
      selector: ({ runId }) => runId,
    });
    fc.assert(
      fc.property(leases, (held) => {
        const named = held.map(({ runId, epoch }) => lease(runId, epoch));
        const result = compareLeases({
          named,
          granted: named.map((each) => ({ ...each, claimedAt: 0, cancelling: false })),
          now,
        });
        expect(result).toEqual({ lost: [], forgotten: [] });
      }),
    );
  });
});

describe("a run whose worker was lost", () => {
  const lapsed = (change: Partial<LapsedLease>): LapsedLease => ({
    ...lease("r1"),
    namespaceId: "default" as NamespaceId,
    crashes: 1,
    progressed: false,
    ...change,
  });

  it("is ready again at once the first time, and counts anew if it had got on", () => {
    expect(decideTakeover(lapsed({}), 0.5)).toEqual({ become: "pending", afterMs: 0, crashes: 1 });
    expect(decideTakeover(lapsed({ crashes: 4, progressed: true }), 0.5)).toEqual({
      become: "pending",
      afterMs: 0,
      crashes: 0,
    });
  });

  it("waits longer each time that it takes its worker down", () => {
    const waits = [2, 3, 4].map((crashes) => decideTakeover(lapsed({ crashes }), 0.5));
    expect(waits).toMatchObject([{ afterMs: 2000 }, { afterMs: 4000 }, { afterMs: 8000 }]);
    const spread = [0, 0.999].map((random) => decideTakeover(lapsed({ crashes: 3 }), random));
    expect(spread).toMatchObject([{ afterMs: 2000 }, { afterMs: 5996 }]);
  });

  it("is poison after so many times in a row (P2)", () => {
    const takeover = decideTakeover(lapsed({ crashes: MAX_CRASHES }), 0.5);
    expect(takeover).toMatchObject({
      become: "failed",
      error: { code: "POISON", nonRetryable: true, subjectId: "r1" },
    });
  });
});

describe("the count of crashes", () => {
  it("rises with each claim, and begins anew where the worker that held the run last is alive", () => {
    expect([crashesWithClaim(0, false), crashesWithClaim(3, false)]).toEqual([1, 4]);
    expect([crashesWithClaim(0, true), crashesWithClaim(3, true)]).toEqual([1, 1]);
  });

  it("is of the claims after the last one whose worker spoke of it, however often it does", () => {
    const run = { crashes: 4, epoch: 9 };
    expect([5, 6, 8, 9].map((epoch) => crashesSince(run, lease("r", epoch)))).toEqual([4, 3, 1, 0]);
    fc.assert(
      fc.property(fc.nat(9), fc.integer({ min: 1, max: 9 }), (crashes, epoch) => {
        const once = crashesSince({ crashes, epoch: 9 }, lease("r", epoch));
        expect(crashesSince({ crashes: once, epoch: 9 }, lease("r", epoch))).toBe(once);
        expect(once).toBeLessThanOrEqual(crashes);
      }),
    );
    expect(crashesSince(run, lease("r", 10))).toBe(0);
  });

  it("stops a run that ends each of its workers, and none of which each second worker lives", () => {
    const play = (lives: (claim: number) => boolean) => {
      let crashes = 0;
      for (let epoch = 1; epoch <= 100; epoch++) {
        crashes = crashesWithClaim(crashes, false);
        const takeover = decideTakeover(
          { ...lease("r", epoch), namespaceId: NAMESPACE, crashes, progressed: false },
          0,
        );
        if (takeover.become === "failed") return epoch;
        if (lives(epoch)) crashes = crashesSince({ crashes, epoch }, lease("r", epoch));
      }
      return undefined;
    };
    expect(play(() => false)).toBe(MAX_CRASHES);
    expect(play((claim) => claim % 2 === 0)).toBeUndefined();
  });
});

describe("the leases of a worker whose stream begins", () => {
  const lease = (runId: string, epoch: number) => ({ runId: runId as RunId, epoch });

  it("are kept where both sides have them, lost where it alone has, undelivered where the store alone has", () => {
    const held = [lease("both", 2), lease("taken", 1), lease("again", 3)];
    const granted = [lease("both", 2), lease("again", 4), lease("on its way", 1)];
    expect(matchLeases(held, granted)).toEqual({
      kept: [lease("both", 2)],
      lost: [lease("taken", 1), lease("again", 3)],
      undelivered: [lease("again", 4), lease("on its way", 1)],
    });
    expect(matchLeases([], [])).toEqual({ kept: [], lost: [], undelivered: [] });
  });
});
