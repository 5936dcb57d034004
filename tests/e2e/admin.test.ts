import { Client, Retry, Worker, workflow } from "kagzi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ENGINES, type TestEngine } from "./engines.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe.each(ENGINES.filter(([name]) => name.includes("server")))("an operator of %s", (_, open) => {
  let engine: TestEngine;
  let client: Client;

  beforeEach(async () => {
    engine = await open();
    client = new Client(engine.at);
  });

  afterEach(async () => {
    await client.close();
    expect(await engine.close()).toEqual([]);
  });

  async function ask<Answer>(method: string, body: object = {}): Promise<Answer> {
    const url = "url" in engine.at ? engine.at.url : "";
    const answer = await fetch(`${url}/kagzi.v1.AdminService/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Answer;
  }

  it("sees the steps of a run, with what went in and what came out", async () => {
    const seen = workflow("seen", async (ctx) => {
      await ctx.step("fetch", { input: { url: "x" } }, ({ input }) => input.url.length);
      await ctx.step("shaky", { retry: Retry.fixed(2, "1ms") }, ({ attempt }) => {
        if (attempt === 1) throw new Error("once");
      });
      await ctx.sleep("pause", "5ms");
      await ctx.step("fetch", () => "again");
    });
    await using worker = new Worker({ ...engine.at, workflows: [seen], logger: quiet });
    await worker.start();
    const run = await client.start(seen, undefined);
    await run.result();
    const { steps } = await ask<{ steps: Record<string, unknown>[] }>("ListSteps", { runId: run.id });
    expect(steps.map(({ stepId, status, kind }) => [stepId, status, kind])).toEqual([
      [`${run.id}/fetch`, "STEP_STATUS_COMPLETED", "STEP_KIND_FUNCTION"],
      [`${run.id}/shaky`, "STEP_STATUS_COMPLETED", "STEP_KIND_FUNCTION"],
      [`${run.id}/pause`, "STEP_STATUS_COMPLETED", "STEP_KIND_SLEEP"],
      [`${run.id}/fetch#2`, "STEP_STATUS_COMPLETED", "STEP_KIND_FUNCTION"],
    ]);
    expect(steps[0]).toMatchObject({ input: { data: btoa('{"url":"x"}') }, output: { data: btoa("1") } });
    expect(steps[1]).toMatchObject({ attemptNumber: 2 });
    const first = await ask<{ steps: object[]; page: object }>("ListSteps", { runId: run.id, page: { pageSize: 3 } });
    expect([first.steps.length, first.page]).toMatchObject([3, { hasMore: true }]);
  });

  it("follows what is recorded of a run, with times, and without payloads where they are not wanted", async () => {
    const followed = workflow("followed", async (ctx) => {
      await ctx.step("fetch", { input: { url: "x" } }, ({ input }) => input.url.length);
      await ctx.sleep("pause", "5ms");
    });
    await using worker = new Worker({ ...engine.at, workflows: [followed], logger: quiet });
    await worker.start();
    const run = await client.start(followed, undefined);
    await run.result();
    const read = (body: object) =>
      ask<{ records: Record<string, unknown>[] }>("ListHistory", { runId: run.id, ...body });
    const { records } = await read({});
    const step = records.find(({ stepName }) => stepName === "fetch");
    expect(step).toMatchObject({ input: { data: btoa('{"url":"x"}') }, payload: { data: btoa("1") } });
    expect([typeof step?.["recordedAt"], typeof step?.["durationMs"]]).toEqual(["string", "string"]);
    const later = await read({ afterSeq: step?.["seq"], omitPayloads: true });
    expect(later.records.map(({ seq }) => seq)).toEqual(
      records.map(({ seq }) => seq).filter((seq) => Number(seq) > Number(step?.["seq"])),
    );
    const bare = await read({ omitPayloads: true });
    expect(bare.records.some((record) => "payload" in record || "input" in record)).toBe(false);
    expect(await ask("ListHistory", { runId: "00000000-0000-7000-8000-000000000000" })).toMatchObject({
      code: "not_found",
    });
  });

  it("learns the shape of a workflow's input from the schema in its code", async () => {
    const shape = { type: "object", properties: { name: { type: "string" } } };
    const schema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value: unknown) => ({ value: value as { readonly name: string } }),
        jsonSchema: { input: () => shape, output: () => shape },
      },
    } as const;
    const formed = workflow("formed", { input: schema, version: "2" }, () => {});
    await using worker = new Worker({ ...engine.at, workflows: [formed], logger: quiet });
    await worker.start();
    const { inputSchemas } = await ask<{ inputSchemas: Record<string, string> }>("GetWorkflowVersions", {
      workflowType: "formed",
    });
    expect(JSON.parse(inputSchemas["2"] ?? "")).toEqual(shape);
  });

  it("sees the workers, and lets one of them finish and take no more", async () => {
    let finish = () => {};
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const gated = workflow("gated", async (ctx) => ctx.step("wait", () => gate));
    await using worker = new Worker({ ...engine.at, workflows: [gated], logger: quiet, labels: { zone: "a" } });
    await worker.start();
    const held = await client.start(gated, undefined);
    await expect.poll(() => worker.activeCount).toBe(1);
    const { worker: drained } = await ask<{ worker: object }>("DrainWorker", { workerId: worker.id });
    expect(drained).toMatchObject({ workerId: worker.id, status: "WORKER_STATUS_DRAINING", labels: { zone: "a" } });
    const left = await client.start(gated, undefined);
    finish();
    await held.result();
    expect((await left.status()).status).toBe("pending");
    await using other = new Worker({ ...engine.at, workflows: [gated], logger: quiet });
    await other.start();
    await left.result();
    expect((await left.status()).workerId).toBe(other.id);
    const { workers } = await ask<{ workers: { workerId: string }[] }>("ListWorkers");
    expect(new Set(workers.map(({ workerId }) => workerId))).toEqual(new Set([worker.id, other.id]));
  });

  it("sees the server's health, its version and its figures", async () => {
    await client.start("nobody-has-it");
    expect(await ask("HealthCheck")).toMatchObject({ status: "SERVING_STATUS_SERVING" });
    expect(await ask("GetServerInfo")).toMatchObject({
      schemaVersion: expect.any(Number),
      serverVersion: expect.any(String),
    });
    expect(JSON.stringify(await ask("GetStats"))).toMatch(/pending/i);
  });
});
