import { now } from "../programs/program.ts";
import { runsFor } from "./load.ts";
import type { Workload } from "./workload.ts";

/**
 * Runs of one step, all started before the worker is: from when the first of them was picked up until the last one is
 * durably over.
 */
export const drained: Workload = {
  name: "drained",
  figures: [{ id: "drained", title: "one-step runs/s, drained", unit: "/s", better: "more" }],
  measure: async (session) => {
    const { batch, engine } = session;
    const count = await runsFor(session, 1);
    await engine.worker.reset();
    await engine.hold();
    await engine.client.start(batch(count, 1));
    await engine.release();
    await engine.worker.ended(count);
    await engine.client.settled();
    const end = now();
    const marks = await engine.worker.marks();
    const begin = marks.reduce((first, { pickedAt }) => Math.min(first, pickedAt), end);
    return { drained: count / ((end - begin) / 1000) };
  },
};
