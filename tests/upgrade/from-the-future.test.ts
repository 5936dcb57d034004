import { type EmbeddedEngine, embedded } from "@kagzi/embedded";
import type { GetWorkflowResponse, WorkResponse } from "@kagzi/proto";
import * as kagzi from "kagzi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LIMITS, OUTCOMES, featuresOf, useFeatures } from "./features.ts";
import { type OnTheWay, addUnknownFields, connectionWith } from "./from-the-future.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const UNKNOWN: number = 99;
const PATIENCE = { timeout: 20_000, interval: 20 };

let engine: EmbeddedEngine;
const ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  engine = await embedded("sqlite::memory:", { config: { leaseMs: 1000, pollMs: 100 } });
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await engine.close();
});

async function worker(change: OnTheWay, workflows: kagzi.WorkerOptions["workflows"]): Promise<kagzi.Worker> {
  const made = new kagzi.Worker({
    connection: connectionWith(engine, change),
    workflows,
    limits: LIMITS,
    logger: quiet,
  });
  ends.push(() => made.stop());
  await made.start();
  return made;
}

function client(change: OnTheWay = () => {}): kagzi.Client {
  return new kagzi.Client({ connection: connectionWith(engine, change) });
}

describe("fields that the other side does not know", () => {
  it("are passed over in every message, in both directions, and everything works", async () => {
    let marked = 0;
    const mark: OnTheWay = (message) => (marked += addUnknownFields(message));
    await worker(mark, featuresOf(kagzi));
    expect(await useFeatures(client(mark))).toEqual(OUTCOMES);
    expect(marked).toBeGreaterThan(500);
  });
});

describe("values that the other side does not know", () => {
  const waits = kagzi.workflow("waits", async (ctx) => {
    await ctx.step("first", () => 1);
    await ctx.waitForEvent("go");
    return ctx.step("last", () => "done");
  });

  it("are, for a client: a state that goes on, a reason that is its sentence, an error that is internal", async () => {
    const run = await client().start("nobody has it");
    const newer = client((message, method) => {
      if (method !== "getWorkflow" || !("workflow" in message)) return;
      const { workflow } = message as GetWorkflowResponse;
      if (workflow === undefined) return;
      workflow.status = UNKNOWN;
      if (workflow.waitingFor !== undefined) workflow.waitingFor.reason = UNKNOWN;
    });
    const info = await newer.run(run.id).status();
    expect(info).toMatchObject({
      status: "waiting",
      waitingFor: { message: expect.stringContaining("no worker has") },
    });
    expect(
      kagzi.isKagziError(
        await newer
          .run(run.id)
          .result({ timeout: 1 })
          .catch((error: unknown) => error),
      ),
    ).toBe(true);
  });

  it("make a worker give back a run whose history it cannot read, without harm, until one comes that can", async () => {
    const first = await worker(() => {}, [waits]);
    const run = await client().start(waits, undefined);
    await expect.poll(async () => (await run.status()).status, PATIENCE).toBe("waiting");
    await first.stop();
    let given = 0;
    const old = await worker(
      (message, method) => {
        if (method !== "work" || !("tasks" in message)) return;
        for (const task of (message as WorkResponse).tasks) {
          given += 1;
          for (const record of task.history) if (record.stepName === "first") record.kind = UNKNOWN;
        }
      },
      [waits],
    );
    await run.send("go");
    await expect.poll(() => given, PATIENCE).toBeGreaterThan(0);
    expect((await run.status()).finishedAt).toBeUndefined();
    await old.stop();
    await worker(() => {}, [waits]);
    expect(await run.result({ timeout: "20s" })).toBe("done");
  });

  it("are refused by a server where they ask for something", async () => {
    const { schedules, workers, workflows } = engine;
    const refused = { code: 3 };
    await expect(workflows.listWorkflows({ statusFilter: [UNKNOWN] })).rejects.toMatchObject(refused);
    await expect(
      schedules.createWorkflowSchedule({ scheduleId: "s", workflowType: "w", everyMs: 1000n, overlap: UNKNOWN }),
    ).rejects.toMatchObject(refused);
    const { workerId } = await workers.register({ workflowTypes: ["w"] });
    await workflows.startWorkflow({ workflowType: "w" });
    const task = await workers.pollTask({ workerId });
    await expect(
      workers.beginStep({ runId: task.runId, taskToken: task.taskToken, stepName: "a", kind: UNKNOWN }),
    ).rejects.toMatchObject(refused);
  });
});

describe("a worker and a server that have no version of the protocol in common", () => {
  it("do not begin to work together, and the worker hears which of the two is to be updated", async () => {
    const register =
      (protocol: number, oldestProtocol: number): OnTheWay =>
      (message, method) => {
        if (method === "register" && "oldestProtocol" in message) Object.assign(message, { protocol, oldestProtocol });
      };
    await expect(worker(register(9, 8), featuresOf(kagzi))).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
      message: expect.stringContaining("update the server first"),
    });
    // One that speaks more than this server, and that, too.
    await worker(register(9, 1), featuresOf(kagzi));
    expect((await engine.workers.register({ workflowTypes: ["w"] })).protocol).toBe(1);
    expect((await engine.workers.register({ workflowTypes: ["w"], protocol: 9 })).protocol).toBe(1);
  });
});
