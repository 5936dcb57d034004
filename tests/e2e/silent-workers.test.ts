import { MAX_CRASHES } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { servicesOf } from "./explain-states.ts";
import { useEngine } from "./fixture.ts";

type Services = ReturnType<typeof servicesOf>;

/** A worker that was silent for longer than its lease. */
interface Silent {
  readonly id: string;
  readonly epoch: number;
  readonly workerId: string;
  readonly taskToken: string;
}

/** How such a worker is heard of again, to learn that it has lost the run. */
const WAYS: readonly (readonly [name: string, speak: (services: Services, silent: Silent) => Promise<void>])[] = [
  [
    "a heartbeat",
    async ({ workers }, { epoch, id, workerId }) => {
      const { lost } = await workers.heartbeat({ workerId, held: { runs: [{ runId: id, epoch }] } });
      expect(lost).toMatchObject([{ runId: id, epoch }]);
    },
  ],
  [
    "a call",
    async ({ workers }, { id, taskToken }) => {
      await expect(workers.beginStep({ runId: id, stepName: "late", taskToken })).rejects.toThrow(/lease/u);
    },
  ],
];

describe.each(ENGINES)("a run on %s that loses each of its workers", (_, open) => {
  const f = useEngine(() => open({ config: { leaseMs: 300, pollMs: 50 } }));

  /** Registers workers until one is given the run, which is silent from then on. */
  async function takenBySomebody(runId: string) {
    const { workers } = servicesOf(f);
    while ((await f.client.run(runId).status()).status !== "failed") {
      const { workerId } = await workers.register({ workflowTypes: ["cursed"] });
      const task = await workers.pollTask({ workerId, timeoutMs: 100n });
      if (task.runId === runId) return { workerId, taskToken: task.taskToken };
    }
    return expect.fail("the run was given up");
  }

  it.each(WAYS)(
    "is no poison while they live, and say so too late by %s",
    async (__, speak) => {
      const services = servicesOf(f);
      const { id } = await f.client.start("cursed");
      let last = await takenBySomebody(id);
      for (let epoch = 1; epoch < MAX_CRASHES + 2; epoch++) {
        const silent = { id, epoch, ...last };
        last = await takenBySomebody(id);
        await speak(services, silent);
      }
      await services.workers.completeWorkflow({ runId: id, taskToken: last.taskToken });
      expect((await f.client.run(id).status()).status).toBe("completed");
    },
    60_000,
  );
});
