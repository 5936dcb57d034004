import { type DescMethod, create } from "@bufbuild/protobuf";
import { AdminService, EventService, WorkerService, WorkflowService } from "@kagzi/proto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { judgeAnswer, judgeError } from "./laws.ts";
import { HERE, type World, createWorld } from "./world.ts";

// Messages that broke a law once, each with what it came to since. What is about one function alone stands beside it.

const { method: workers } = WorkerService;
const FAR = { seconds: 2n ** 63n - 1n, nanos: 0 };

describe.each([
  ["SQLite", () => undefined],
  ["PostgreSQL", () => inject("postgresUrl")],
])("what the fuzzer has found, on %s,", (_, url) => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld(1, url());
  });

  afterAll(async () => {
    expect(world.errors).toEqual([]);
    expect(await world.close()).toEqual([]);
  });

  async function call(
    method: DescMethod,
    request: object,
  ): Promise<{ readonly code?: string; readonly answer?: object }> {
    const served = world.services.find(({ desc }) => desc.typeName === method.parent.typeName);
    const implementation = Reflect.get(served?.implementation ?? {}, method.localName) as (
      ...args: unknown[]
    ) => Promise<object>;
    const message = create(method.input, { namespaceId: HERE, ...request });
    try {
      const verdict = judgeAnswer(
        method.output,
        await implementation(message, { signal: new AbortController().signal }),
      );
      return verdict.was === "answered" ? { answer: verdict.answer } : expect.fail(JSON.stringify(verdict));
    } catch (error) {
      const verdict = judgeError(error);
      return verdict.was === "refused" ? { code: verdict.code } : expect.fail(JSON.stringify(verdict));
    }
  }

  const registered = async () => {
    const { answer } = await call(workers.register, { workflowTypes: ["order"] });
    return String(Reflect.get(answer ?? {}, "workerId"));
  };

  it("a heartbeat with totals that no number holds is one like any other", async () => {
    const stats = { totalCompleted: 2n ** 63n - 1n, totalFailed: -(2n ** 63n), activeCount: 2 ** 31 - 1 };
    const workerId = await registered();
    expect(await call(workers.heartbeat, { workerId, ...stats })).toHaveProperty("answer");
    const { answer } = await call(AdminService.method.getWorker, { workerId });
    expect(answer).toMatchObject({ worker: { totalFailed: 0n, activeCount: 100_000 } });
  });

  it("workers that are busier than can be said do not keep a run from being shown", async () => {
    for (const workerId of [await registered(), await registered()]) {
      await call(workers.heartbeat, { workerId, activeCount: 2 ** 31 - 1 });
    }
    const { answer } = await call(WorkflowService.method.startWorkflow, { workflowType: "order" });
    const runId = String(Reflect.get(answer ?? {}, "runId"));
    expect(await call(WorkflowService.method.getWorkflow, { runId })).toHaveProperty("answer");
    expect(await call(WorkflowService.method.explainWorkflow, { runId })).toHaveProperty("answer");
  });

  it("a time that no Timestamp may mean is refused", async () => {
    for (const time of [FAR, { seconds: -(2n ** 63n), nanos: 0 }, { seconds: 253_402_300_800n, nanos: 0 }]) {
      expect(await call(EventService.method.listEvents, { sentAfter: time })).toEqual({ code: "INVALID_ARGUMENT" });
      expect(await call(WorkflowService.method.listWorkflows, { createdBefore: time })).toEqual({
        code: "INVALID_ARGUMENT",
      });
    }
  });

  it("a worker's limits are refused without its name at length", async () => {
    const workflows = [{ workflowType: "x".repeat(20_000), version: "1", concurrency: [{ limit: 0 }] }];
    expect(await call(workers.register, { workflows })).toEqual({ code: "INVALID_ARGUMENT" });
  });

  it("a token that somebody else wrote is refused", async () => {
    const runId = "01890000-0000-7000-8000-000000000000";
    const parts = [HERE, runId, 1, "function", "charge", 1, 1, { maximumAttempts: 3 }];
    const stepId = `s.${Buffer.from(JSON.stringify(parts)).toString("base64url")}`;
    expect(await call(workers.failStep, { runId, stepId })).toEqual({ code: "INVALID_ARGUMENT" });
    const bare = `s.${Buffer.from(JSON.stringify(parts.slice(0, 7))).toString("base64url")}`;
    expect(await call(workers.failStep, { runId, stepId: bare })).toEqual({ code: "NOT_FOUND" });
  });
});
