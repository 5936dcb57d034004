import { beforeEach, describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { failure, reaches, useEngine } from "./fixture.ts";

const SERVED = ENGINES.filter(([name]) => name.includes("server"));
const TYPE = "by-hand";

interface Task {
  readonly runId: string;
  readonly taskToken: string;
  readonly attempt?: number;
}

describe.each(SERVED)("a worker that makes single calls, of %s,", (_, open) => {
  const fixture = useEngine(open);
  let workerId: string;

  beforeEach(async () => {
    const registered = await post("Register", { workflows: [{ workflowType: TYPE, version: "1" }] });
    workerId = String(registered["workerId"]);
  });

  for (const [method, end] of [
    ["FailWorkflow", { error: { message: "cleaned up" } }],
    ["CompleteWorkflow", { output: pack("done all the same") }],
  ] as const) {
    it(`hears that its run is being cancelled, begins nothing more, and ends it as cancelled with ${method}`, async () => {
      const run = await fixture.client.start(TYPE);
      const task = await poll();
      const charge = await post("BeginStep", { ...task, stepName: "charge" });
      await run.cancel("the customer went away");
      expect(await post("Heartbeat", { workerId })).toMatchObject({ cancelRunIds: [run.id] });
      // What it had begun it may still record.
      const completed = { runId: run.id, stepId: charge["stepId"], output: pack(1) };
      expect(await post("CompleteStep", completed)).toEqual({ output: pack(1) });
      expect(await post("BeginStep", { ...task, stepName: "ship" })).toMatchObject({
        code: "canceled",
        message: expect.stringContaining("the customer went away"),
      });
      expect(await post(method, { ...task, ...end })).toEqual({});
      expect(await failure(run)).toMatchObject({ code: "CANCELLED" });
      expect((await run.status()).status).toBe("cancelled");
      expect(await stepsOf(run)).toEqual(["charge STEP_STATUS_COMPLETED"]);
    });
  }

  it("is given a run that is cancelled while it waits, so that it can clean up", async () => {
    const run = await fixture.client.start(TYPE);
    const { stepId } = await post("BeginStep", { ...(await poll()), stepName: "nap", kind: "STEP_KIND_SLEEP" });
    await post("Sleep", { runId: run.id, stepId, duration: "86400s" });
    await reaches(run, "sleeping");
    await run.cancel();
    const task = await poll();
    expect(task.runId).toBe(run.id);
    expect(await post("BeginStep", { ...task, stepName: "next" })).toMatchObject({ code: "canceled" });
    await post("FailWorkflow", { ...task, error: { message: "cleaned up" } });
    await failure(run);
    expect((await run.status()).status).toBe("cancelled");
  });

  it("is given a run anew at once that is cancelled while a step would wait for its next try", async () => {
    const run = await fixture.client.start(TYPE);
    const task = await poll();
    const retryPolicy = { maximumAttempts: 5, initialIntervalMs: "60000" };
    const { stepId } = await post("BeginStep", { ...task, stepName: "charge", retryPolicy });
    await run.cancel();
    const failed = await post("FailStep", { runId: run.id, stepId, error: { message: "no answer" } });
    expect(failed).toMatchObject({ scheduledRetry: true });
    const again = await poll();
    expect(await post("BeginStep", { ...again, stepName: "charge" })).toMatchObject({ code: "canceled" });
    await post("FailWorkflow", { ...again, error: { message: "no answer" } });
    expect(await failure(run)).toMatchObject({ code: "CANCELLED" });
  });

  it("loses a run that is paused or ended, and is given a paused one anew when it goes on", async () => {
    const run = await fixture.client.start(TYPE);
    const task = await poll();
    await run.pause();
    expect((await run.status()).status).toBe("running");
    expect(await post("BeginStep", { ...task, stepName: "late" })).toMatchObject({ code: "failed_precondition" });
    expect((await run.status()).status).toBe("paused");
    await run.resume();
    const again = await poll();
    expect(again.runId).toBe(run.id);
    await run.terminate("enough");
    expect(await post("CompleteWorkflow", again)).toMatchObject({ code: "failed_precondition" });
    expect((await run.status()).status).toBe("cancelled");
  });

  it("goes on with a failed run that is retried, and finds its steps done", async () => {
    const run = await fixture.client.start(TYPE);
    const task = await poll();
    const { stepId } = await post("BeginStep", { ...task, stepName: "charge" });
    await post("CompleteStep", { runId: run.id, stepId, output: pack(7) });
    await post("FailWorkflow", { ...task, error: { message: "a bug" } });
    await failure(run);
    await fixture.client.runs.retry(run.id);
    const again = await poll();
    expect(await post("BeginStep", { ...again, stepName: "charge" })).toMatchObject({ cachedOutput: pack(7) });
    await post("CompleteWorkflow", { ...again, output: pack("repaired") });
    expect(await run.result()).toBe("repaired");
  });

  it("whose code no longer matches the run hears so, and the run is paused until an operator resumes it", async () => {
    const run = await fixture.client.start(TYPE);
    const task = await poll();
    const { stepId } = await post("BeginStep", { ...task, stepName: "charge" });
    await post("CompleteStep", { runId: run.id, stepId, output: pack(7) });
    const other = { ...task, stepName: "charge", kind: "STEP_KIND_SLEEP" };
    expect(await post("BeginStep", other)).toMatchObject({
      code: "failed_precondition",
      message: expect.stringContaining("recorded as function and is asked for as sleep"),
    });
    expect((await run.status()).status).toBe("paused");
    await run.resume();
    const again = await poll();
    expect(await post("BeginStep", { ...again, stepName: "charge" })).toMatchObject({ cachedOutput: pack(7) });
    await post("CompleteWorkflow", again);
    await run.result();
  });

  it("is told which kinds of steps it can take", async () => {
    const run = await fixture.client.start(TYPE);
    const task = await poll();
    for (const kind of ["STEP_KIND_EVENT", "STEP_KIND_CHILD_WORKFLOW", 77]) {
      expect(await post("BeginStep", { ...task, stepName: "odd", kind })).toMatchObject({
        code: "invalid_argument",
        message: expect.stringContaining("FUNCTION or SLEEP"),
      });
    }
    await post("CompleteWorkflow", task);
    await run.result();
    expect(await stepsOf(run)).toEqual([]);
  });

  async function poll(): Promise<Task> {
    const { runId, taskToken } = await post("PollTask", { workerId, timeoutMs: 20_000 });
    return { runId: String(runId), taskToken: String(taskToken) };
  }

  async function stepsOf(run: { readonly id: string }): Promise<readonly string[]> {
    const { steps } = await post("ListSteps", { runId: run.id }, "AdminService");
    return ((steps ?? []) as readonly { name: string; status: string }[]).map(
      ({ name, status }) => `${name} ${status}`,
    );
  }

  /** A call as JSON over plain HTTP. */
  async function post(method: string, body: object, service = "WorkerService"): Promise<Record<string, unknown>> {
    const url = "url" in fixture.engine.at ? fixture.engine.at.url : "";
    const answer = await fetch(`${url}/kagzi.v1.${service}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Record<string, unknown>;
  }
});

function pack(value: unknown): object {
  return { data: btoa(JSON.stringify(value)) };
}
