import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Subject } from "./differential.ts";
import type { StoreHarness } from "./harness.ts";
import { ACTS, type Act, STATES, Stage, type State } from "./stage.ts";

/** Every call that there is about a run, in every state that one may be in: answered as the oracle does, and leaving what it does. */
export function describeStates(harness: StoreHarness): void {
  describe(`${harness.name}: every call in every state`, () => {
    let subject: Subject | undefined;

    beforeAll(async () => {
      const clock = { now: Date.UTC(2030, 0, 1) };
      subject = { store: await harness.open(() => clock.now), clock };
    });

    afterAll(async () => {
      const broken = await subject?.store.violations();
      await subject?.store.close();
      expect(broken).toEqual([]);
    });

    for (const state of Object.keys(STATES) as State[]) {
      for (const act of Object.keys(ACTS) as Act[]) {
        it(`${act}: a run that is ${state}`, async () => {
          if (subject === undefined) throw new Error("there is no store");
          const stage = await Stage.open(subject);
          await STATES[state](stage);
          await stage.call(ACTS[act](stage));
          await stage.look();
        });
      }
    }
  });
}
