import { Client, Worker, workflow } from "kagzi";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ENGINES, type TestEngine } from "../e2e/engines.ts";
import { ForeignWorker, hasPython } from "./foreign-worker.ts";

const SERVED = ENGINES.filter(([name]) => name.includes("server"));

beforeAll(() => {
  process.stdout.write(`the worker in another language is ${hasPython() ? "Python's" : "npm's"} gRPC\n`);
});

describe.each(SERVED)("a worker in another language, of %s,", (_, open) => {
  let engine: TestEngine;
  let client: Client;
  let foreign: ForeignWorker;

  beforeEach(async () => {
    engine = await open();
    client = new Client(engine.at);
    foreign = new ForeignWorker("url" in engine.at ? engine.at.url : "");
    await foreign.until("ready");
  });

  afterEach(async () => {
    foreign.close();
    await client.close();
    expect(await engine.close()).toEqual([]);
  });

  it("carries a run through steps, tries and a sleep to its end", async () => {
    const run = await client.start("py-order", { amount: 21 });
    expect(await run.result()).toEqual({ price: 42, paid: 3, notes: ["note 1", "note 2"] });
    const steps = foreign.events.filter(({ event }) => event === "step");
    expect(steps.map(({ attempt, name }) => `${String(name)} ${String(attempt)}`)).toEqual([
      "quote 1",
      "pay 1",
      "pay 2",
      "pay 3",
      "note 1",
      "note 1",
    ]);
    // Two failures and a sleep: each time the run was given up, and taken again.
    expect(foreign.events.filter(({ event }) => event === "parked")).toHaveLength(3);
  });

  it("lets a run fail when a step's tries are over", async () => {
    const run = await client.start("py-refuse");
    await expect(run.result()).rejects.toMatchObject({ code: "PRECONDITION_FAILED", message: "never" });
  });

  it("is refused when it writes under a lease that it lost, and changes nothing", async () => {
    const run = await client.start("py-stuck");
    await foreign.until("step");
    // It is silent from now on: when its lease is over, another worker has the run.
    const stuck = workflow("py-stuck", async (ctx) => ctx.step("hold", () => "by the other one"));
    await using other = new Worker({ ...engine.at, workflows: [stuck] });
    await other.start();
    expect(await run.result()).toBe("by the other one");
    const before = await run.status();
    foreign.goOn();
    expect(await foreign.until("refused")).toMatchObject({
      status: "FAILED_PRECONDITION",
      code: "ERROR_CODE_PRECONDITION_FAILED",
      metadata: { reason: "LEASE_LOST" },
    });
    expect(await run.status()).toEqual(before);
  });

  it("may leave its lease out while the run is running, and not after", async () => {
    const run = await client.start("py-stuck");
    await foreign.until("step");
    const complete = (output: string) =>
      post("CompleteStep", { runId: run.id, stepId: `${run.id}/hold`, output: { data: btoa(JSON.stringify(output)) } });
    expect(await complete("by hand")).toMatchObject({ output: { data: btoa('"by hand"') } });
    // The first outcome stands, whoever says another one later.
    expect(await complete("again")).toMatchObject({ output: { data: btoa('"by hand"') } });
    const end = { runId: run.id, output: { data: btoa('"done"') } };
    expect(await post("CompleteWorkflow", end)).toEqual({});
    expect(await run.result()).toBe("done");
    expect(await post("CompleteWorkflow", end)).toMatchObject({ code: "failed_precondition" });
    expect(await post("FailWorkflow", { runId: run.id, error: { message: "no" } })).toMatchObject({
      code: "failed_precondition",
    });
    expect((await run.status()).status).toBe("completed");
  });

  it("is told so when it presents what no server gave out", async () => {
    const run = await client.start("later");
    const wrong = { runId: run.id, taskToken: "t.bm9uc2Vuc2U" };
    for (const method of ["CompleteWorkflow", "FailWorkflow"]) {
      expect(await post(method, wrong)).toMatchObject({ code: "invalid_argument" });
    }
    expect(await post("BeginStep", { ...wrong, stepName: "a" })).toMatchObject({ code: "invalid_argument" });
    expect(await post("CompleteStep", { runId: run.id, stepId: "s.e30" })).toMatchObject({ code: "invalid_argument" });
    expect(await post("CompleteStep", { runId: run.id, stepId: `${run.id}/a` })).toMatchObject({
      code: "failed_precondition",
    });
    expect(await post("PollTask", { workerId: run.id })).toMatchObject({ code: "not_found" });
    expect(await post("Heartbeat", { workerId: run.id })).toMatchObject({ code: "not_found" });
  });

  it("is given nothing, and told why, once it is offline, until it is heard of again", async () => {
    const workflows = [{ workflowType: "py-late", version: "1" }];
    const { workerId } = (await post("Register", { workflows })) as { workerId: string };
    await post("Deregister", { workerId });
    const run = await client.start("py-late");
    expect(await post("PollTask", { workerId, timeoutMs: 10 })).toMatchObject({ code: "failed_precondition" });
    await post("Heartbeat", { workerId });
    const task = (await post("PollTask", { workerId, timeoutMs: 5000 })) as { runId: string; taskToken: string };
    expect(task.runId).toBe(run.id);
    await post("CompleteWorkflow", { runId: run.id, taskToken: task.taskToken });
    await run.result();
  });

  /** The same calls as JSON over plain HTTP. */
  async function post(method: string, body: object): Promise<unknown> {
    const url = "url" in engine.at ? engine.at.url : "";
    const answer = await fetch(`${url}/kagzi.v1.WorkerService/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return answer.json();
  }
});
