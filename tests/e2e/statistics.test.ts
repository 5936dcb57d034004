import { type Workflow, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { reaches, useEngine } from "./fixture.ts";

interface Count {
  readonly value?: string;
  readonly more?: boolean;
}

describe.each(ENGINES.filter(([name]) => name.includes("server")))("figures of %s", (_, open) => {
  const fixture = useEngine(open);

  async function call(method: string, body: object): Promise<{ readonly status: number; readonly answer: unknown }> {
    const url = "url" in fixture.engine.at ? fixture.engine.at.url : "";
    const response = await fetch(`${url}/kagzi.v1.AdminService/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, answer: await response.json() };
  }

  async function ask<Answer>(method: string, body: object = {}): Promise<Answer> {
    return (await call(method, body)).answer as Answer;
  }

  const broken = workflow("broken", async () => {
    throw new Error("no");
  });
  const greet = workflow("greet", async (ctx, name: string) => ctx.step("greet", () => `Hello ${name}`));
  const patient = workflow("patient", async (ctx) => ctx.sleep("nap", "1h"));

  const start = (what: Workflow<unknown, unknown>, input?: unknown) => fixture.client.start(what, input);

  it("tell of each workflow how its runs are doing", async () => {
    await start(workflow("nobody's", async () => {}));
    const worker = await fixture.work([broken, greet, patient]);
    const failed = await start(broken);
    await reaches(failed, "failed");
    await reaches(await start(patient), "sleeping");
    const { workflowTypes } = await ask<{ workflowTypes: Record<string, unknown>[] }>("ListWorkflowTypes");
    const online = { versions: [{ version: "1", workersOnline: 1 }], defaultVersion: "1", workerIds: [worker.id] };
    expect(workflowTypes).toMatchObject([
      {
        ...online,
        workflowType: "broken",
        failedLastDay: { value: "1" },
        lastEnded: { runId: failed.id, status: "WORKFLOW_STATUS_FAILED", finishedAt: expect.any(String) as string },
      },
      { ...online, workflowType: "greet", ready: {}, running: {}, failedLastDay: {} },
      { workflowType: "nobody's", ready: { value: "1" }, oldestReadyAt: expect.any(String) as string },
      { ...online, workflowType: "patient", sleeping: { value: "1" } },
    ]);
    expect(workflowTypes[2]).not.toHaveProperty("versions");
    const first = await ask<{ workflowTypes: object[]; page: { nextPageToken: string } }>("ListWorkflowTypes", {
      page: { pageSize: 3 },
    });
    const second = await ask<{ workflowTypes: object[] }>("ListWorkflowTypes", {
      page: { pageToken: first.page.nextPageToken },
    });
    expect([first.workflowTypes.length, second.workflowTypes]).toMatchObject([3, [{ workflowType: "patient" }]]);
  });

  it("tell what waits, the most first, and what holds it back", async () => {
    const limited = workflow("limited", { concurrency: { limit: 1, key: "customer" } }, async (ctx) =>
      ctx.waitForEvent("never"),
    );
    const slow = workflow("slow", { throttle: { limit: 1, per: "1h" } }, async () => {});
    const worker = await fixture.work([limited, slow]);
    await start(slow).then((run) => reaches(run, "completed"));
    for (let n = 0; n < 2; n++) await start(slow);
    for (let n = 0; n < 3; n++) await start(workflow("nobody's", async () => {}));
    const { more, queues } = await ask<{ more?: boolean; queues: (Record<string, unknown> & { ready: Count })[] }>(
      "ListQueues",
    );
    expect(more).toBeUndefined();
    expect(queues).toMatchObject([
      { workflowType: "nobody's", ready: { value: "3" }, heldBy: "QUEUE_HOLD_NO_WORKER" },
      { workflowType: "slow", ready: { value: "2" }, heldBy: "QUEUE_HOLD_THROTTLE", throttleKey: "" },
    ]);
    expect(await ask("ListQueues", { limit: 1 })).toMatchObject({ more: true, queues: [{ workflowType: "nobody's" }] });
    expect(await ask("ListQueues", { workflowType: "slow" })).toMatchObject({ queues: [{ workflowType: "slow" }] });
    await worker.stop();
  });

  it("tell what became of runs over time", async () => {
    await fixture.work([broken, greet]);
    for (let n = 0; n < 3; n++) await (await start(greet, "Ada")).result();
    await reaches(await start(broken), "failed");
    const total = async (workflowType?: string) => {
      const body = { range: "TREND_RANGE_DAY", ...(workflowType !== undefined && { workflowType }) };
      const { buckets } = await ask<{ buckets: Record<string, string>[] }>("GetTrends", body);
      expect(buckets).toHaveLength(48);
      expect(buckets.some((bucket) => "sampled" in bucket)).toBe(false);
      const sum = (field: string) => buckets.reduce((sum, bucket) => sum + Number(bucket[field] ?? 0), 0);
      const latencies = buckets.filter((bucket) => "duration" in bucket && "scheduleToStart" in bucket).length;
      return { started: sum("started"), completed: sum("completed"), failed: sum("failed"), measured: latencies > 0 };
    };
    expect(await total()).toEqual({ started: 4, completed: 3, failed: 1, measured: true });
    expect(await total("greet")).toEqual({ started: 3, completed: 3, failed: 0, measured: true });
    expect(await total("nothing")).toEqual({ started: 0, completed: 0, failed: 0, measured: false });
  });

  it("are not given for what makes no sense", async () => {
    const refusals = [
      ["GetTrends", {}, "range is 0: take the last hour, day or week"],
      ["GetTrends", { range: 9 }, "range is 9"],
      ["GetTrends", { range: 1, workflowType: "" }, "the name of a workflow"],
      ["ListQueues", { limit: 101 }, "limit"],
      ["ListQueues", { limit: -1 }, "limit"],
      ["ListQueues", { workflowType: "a\0" }, "the name of a workflow"],
      ["ListWorkflowTypes", { page: { pageSize: 1001 } }, "page_size"],
      ["ListWorkflowTypes", { page: { pageToken: "a\0" } }, "page_token"],
      ["ListWorkflowTypes", { namespaceId: "No" }, "namespace"],
    ] as const;
    for (const [method, body, says] of refusals) {
      const { answer, status } = await call(method, body);
      expect([status, JSON.stringify(answer)], method).toEqual([400, expect.stringContaining(says)]);
    }
  });
});
