import { KagziError } from "@kagzi/core";
import { workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { Scenario, type ScenarioOptions } from "./scenario.ts";
import type { Life } from "./world.ts";

// What random seeds have found, each as a test of its own: seeds change their meaning with every change of the simulation.

const wait = (life: Life, ms: number) => new Promise<void>((resolve) => life.in(ms, "step ends", resolve));

describe("what the simulation has found", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("gives a worker back the slots of runs that it lost (seed %i)", async (seed) => {
    const scenario = await started({
      seed,
      servers: 2,
      concurrency: 1,
      workflows: (life) => [workflow("slow", (ctx) => ctx.step("work", () => wait(life, 8000)))],
    });
    const run = await scenario.until(scenario.client.start("slow"));
    await scenario.passes(500);
    // For longer than its lease: the run goes back, and one of the servers, perhaps not that of its stream, tells it so.
    scenario.worker.process.stop({ clock: false });
    await scenario.passes(4000);
    scenario.worker.process.goOn();
    await scenario.until(run.result(), 60_000);
    await scenario.close();
  });

  it("does not execute a step again because a worker's clock ends a wait early", async () => {
    let executions = 0;
    const scenario = await started({
      workflows: (life) => [
        workflow("both", async (ctx) => {
          const work = async () => {
            executions += 1;
            await wait(life, 6000);
          };
          await Promise.all([ctx.step("work", work), ctx.sleep("nap", 4000)]);
        }),
      ],
    });
    scenario.worker.process.rate = 1.25;
    const run = await scenario.until(scenario.client.start("both"));
    await scenario.until(run.result());
    expect(executions).toBe(1);
    await scenario.close();
  });

  it("does not end a wait early", async () => {
    const scenario = await started({
      workflows: (life) => [
        workflow("both", async (ctx) => {
          await Promise.all([ctx.step("work", () => wait(life, 1000)), ctx.sleep("nap", 4000)]);
        }),
      ],
    });
    scenario.worker.process.rate = 1.25;
    const begun = scenario.world.now;
    const run = await scenario.until(scenario.client.start("both"));
    await scenario.until(run.result());
    expect(scenario.world.now - begun).toBeGreaterThanOrEqual(4000);
    await scenario.close();
  });

  it("goes on with a run that is claimed again before the answer to its parking is there", async () => {
    let lost = 0;
    const scenario = await started({
      // No heartbeat comes in between.
      leaseMs: 30_000,
      workflows: () => [
        workflow("waits", async (ctx) => {
          await Promise.all([ctx.sleep("nap", 2000), ctx.waitForEvent("word")]);
        }),
      ],
      // The store has parked the run, and its answer is lost. It is asked again and again, and does not answer for a while.
      sabotage: (store) =>
        new Proxy(store, {
          get: (target, key) => {
            const found: unknown = Reflect.get(target, key);
            if (key !== "runs") return typeof found === "function" ? (found.bind(target) as unknown) : found;
            return {
              ...target.runs,
              write: async (writes: Parameters<typeof target.runs.write>[0]) => {
                const answer = await target.runs.write(writes);
                if (lost === 4 || !writes.some(({ next }) => next?.status === "waiting")) return answer;
                lost += 1;
                throw new KagziError("UNAVAILABLE", "the answer was lost");
              },
            };
          },
        }),
    });
    const run = await scenario.until(scenario.client.start("waits"));
    await scenario.passes(10);
    await scenario.until(run.send("word", 1));
    await scenario.until(run.result(), 60_000);
    expect(lost).toBe(4);
    await scenario.close();
  });
});

async function started(options: ScenarioOptions): Promise<Scenario> {
  const scenario = new Scenario(options);
  await scenario.start();
  return scenario;
}
