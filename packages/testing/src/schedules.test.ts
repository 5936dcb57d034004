import { workflow } from "kagzi";
import { afterEach, describe, expect, it } from "vitest";
import { TestEnvironment, type TestOptions } from "./index.ts";

let open: TestEnvironment[] = [];

async function environment(workflows: TestOptions["workflows"], options: Partial<TestOptions> = {}) {
  const env = await TestEnvironment.create({ workflows, start: new Date("2030-01-01T00:00:00Z"), ...options });
  open.push(env);
  return env;
}

afterEach(async () => {
  await Promise.all(open.map((env) => env.close()));
  open = [];
});

async function firesOf(env: TestEnvironment): Promise<readonly string[]> {
  const at: string[] = [];
  for await (const run of env.client.runs.list()) at.push(run.scheduledAt?.toISOString() ?? "triggered");
  return at.toSorted();
}

describe("schedules under virtual time", () => {
  it("fire at their times, each once", async () => {
    const report = workflow("report", async (ctx) => ctx.schedule?.scheduledAt);
    const env = await environment([report]);
    await env.client.schedules.create("daily", { workflow: report, cron: "0 6 * * *", timezone: "Europe/Paris" });
    await env.skip("3d");
    expect(await firesOf(env)).toEqual([
      "2030-01-01T05:00:00.000Z",
      "2030-01-02T05:00:00.000Z",
      "2030-01-03T05:00:00.000Z",
    ]);
    expect(await env.client.schedules.get("daily")).toMatchObject({ fired: 3, missed: 0, skipped: 0 });
  });
});
