import { afterEach, beforeEach, describe, expect } from "vitest";
import { describeCancelling } from "./cancelling.ts";
import { describeClaims } from "./claims.ts";
import { describeEvents } from "./events.ts";
import { describeEndings } from "./endings.ts";
import { Fixture, type StoreHarness } from "./harness.ts";
import { describeInbox } from "./inbox.ts";
import { describeLeases } from "./leases.ts";
import { describeLifetime } from "./lifetime.ts";
import { describeLimits } from "./limits.ts";
import { describeModel } from "./model.ts";
import { describeNamespaces } from "./namespaces.ts";
import { describeNumbers } from "./numbers.ts";
import { describePausing } from "./pausing.ts";
import { describeReads } from "./reads.ts";
import { describeSecurity } from "./security.ts";
import { describeSlots } from "./slots.ts";
import { describeSchedules } from "./schedules.ts";
import { describeRestarts } from "./restarts.ts";
import { describeStates } from "./states.ts";
import { describeStarts } from "./starts.ts";
import { describeWrites } from "./writes.ts";

export type { StoreHarness } from "./harness.ts";

/** Runs every case on one kind of store, each on a fresh one; after each, no row may break an invariant. */
export function describeStore(harness: StoreHarness): void {
  describeStates(harness);
  describe(harness.name, () => {
    let current: Fixture | undefined;

    beforeEach(async () => {
      const clock = { now: Date.UTC(2030, 0, 1) };
      current = new Fixture(await harness.open(() => clock.now), clock);
    });

    afterEach(async () => {
      const store = current?.store;
      current = undefined;
      if (store === undefined) return;
      const broken = await store.violations();
      await store.close();
      expect(broken).toEqual([]);
    });

    const fixture = () => {
      if (current === undefined) throw new Error("a case asks for its store before it begins");
      return current;
    };
    describeStarts(fixture);
    describeClaims(fixture);
    describeWrites(fixture);
    describeLeases(fixture);
    describeEndings(fixture);
    describeCancelling(fixture);
    describePausing(fixture);
    describeRestarts(fixture);
    describeInbox(fixture);
    describeEvents(harness, fixture);
    describeReads(fixture);
    describeNamespaces(fixture);
    describeNumbers(fixture);
    describeLimits(fixture);
    describeSlots(fixture);
    describeSecurity(fixture);
    describeSchedules(harness, fixture);
    describeModel(fixture);
    describeLifetime(harness, fixture);
  });
}
