import * as fc from "fast-check";
import { describe, it } from "vitest";
import { Differential, sequences } from "./differential.ts";
import type { Fixture } from "./harness.ts";

/** How many sequences of operations are made. */
const SEQUENCES = 40;

/** Any sequence of operations leaves a store in the state that a simple model says, stale and late writers included. */
export function describeModel(fixture: () => Fixture): void {
  describe("whatever happens in whatever order", () => {
    it("each answer and each run is as a simple model says", async () => {
      const differential = new Differential(fixture());
      // A sequence that fails leaves things behind that others find, so none comes after it; tests/model makes them smaller.
      await fc.assert(
        fc.asyncProperty(sequences(60), (sequence) => differential.play(sequence)),
        { numRuns: SEQUENCES, endOnFailure: true },
      );
    }, 120_000);
  });
}
