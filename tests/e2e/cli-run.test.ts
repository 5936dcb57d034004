import { freePort } from "@kagzi/test-support";
import { Client, Worker, workflow } from "kagzi";
import { beforeEach, describe, expect, it } from "vitest";
import { type Outcome, command, plain } from "./cli.ts";
import { ENGINES } from "./engines.ts";
import { quiet, reaches, useEngine } from "./fixture.ts";

const [, open] = ENGINES.find(([name]) => name === "a server on SQLite") ?? expect.fail("no server");
const naps = workflow("naps", async (ctx) => ctx.sleep("nap", "1d"));
const invokes = workflow("invokes", { version: "2" }, async (ctx) => ctx.invoke(naps, undefined));

describe("kagzi run explain", () => {
  const f = useEngine(open);
  let url: string;

  beforeEach(() => {
    url = "url" in f.engine.at ? f.engine.at.url : "";
  });

  function explain(...words: readonly string[]): Promise<Outcome> {
    return command(["run", "explain", "--url", url, ...words]);
  }

  function explainToPeople(...words: readonly string[]): Promise<Outcome> {
    return command(["run", "explain", "--url", url, ...words], { columns: 120, env: { NO_COLOR: "1" } });
  }

  it("says why a run is not moving, and what to do, for people", async () => {
    await f.work([naps, invokes]);
    const run = await f.client.start(invokes, undefined);
    await reaches(run, "waiting");
    const [child] = (await f.client.runs.list({ parent: run.id }).page()).items;
    await reaches(f.client.run(child?.id ?? ""), "sleeping");
    const { code, stdout } = await explainToPeople(run.id);
    expect(code).toBe(0);
    expect(plain(stdout)).toBe(`run       <id>
workflow  invokes@2
status    ◌ waiting
because   waits for child "naps", run <id>, which is sleeping
          since <time>
next      explain the child: kagzi run explain <id>
`);
    expect(stdout).toContain(run.id);
    // The child was started last, and its id begins like that of no other run.
    const prefix = (child?.id ?? "").slice(0, 23);
    for (const id of ["latest", prefix]) {
      const answer = await explainToPeople(id);
      expect(answer.code).toBe(0);
      expect(plain(answer.stdout)).toBe(`run       <id>
workflow  naps@1
status    ◐ sleeping
because   sleeps until <time> ("nap")
next      nothing: it goes on by itself
`);
    }
  });

  it("says it for scripts, in any namespace", async () => {
    await f.client.namespaces.create("team-a");
    await using client = new Client({ ...f.engine.at, namespace: "team-a" });
    const fails = workflow("fails", async () => Promise.reject(new Error("out of stock")));
    await using worker = new Worker({ ...f.engine.at, namespace: "team-a", workflows: [fails], logger: quiet });
    await worker.start();
    const run = await client.start(fails, undefined);
    await reaches(run, "failed");
    const { code, stdout } = await explain(run.id, "--namespace", "team-a", "-o", "json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      runId: run.id,
      workflowType: "fails",
      version: "1",
      status: "WORKFLOW_STATUS_FAILED",
      reasons: [
        {
          reason: "REASON_ENDED",
          message: expect.stringMatching(/^failed at 20.* INTERNAL: out of stock$/u),
          since: expect.stringMatching(/^20.*Z$/u),
          error: expect.objectContaining({ code: "ERROR_CODE_INTERNAL", message: "out of stock" }),
        },
      ],
      next: expect.stringContaining("client.runs.retry()"),
    });
    expect((await explain(run.id)).code).toBe(3);
  });

  it("says what is wrong with what it was asked, by its exit code too", async () => {
    const missing = "01890000-0000-7000-8000-000000000000";
    expect(await explain("latest")).toMatchObject({ code: 3, stderr: expect.stringContaining("has no run") });
    expect(await explain(missing)).toMatchObject({ code: 3, stderr: expect.stringContaining(missing) });
    const runs = [await f.client.start("a"), await f.client.start("b")];
    const shared = (runs[0]?.id ?? "").slice(0, 2);
    expect(await explain(shared)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`2 runs begin with ${shared}`),
    });
    expect(await explain("ffff")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('run "ffff" does not exist'),
    });
    expect(await explain("not-an-id!")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("was started with it"),
    });
    expect(await explain("latest", "-o", "yaml")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("table, json, jsonl, id"),
    });
    expect(await explain()).toMatchObject({ code: 2 });
    // The last of several is taken.
    expect(await explain("latest", "--url", "nonsense")).toMatchObject({ code: 2 });
    const nobody = `http://127.0.0.1:${await freePort()}`;
    expect(await explain("latest", "--url", nobody)).toMatchObject({
      code: 6,
      stderr: expect.stringContaining(nobody),
    });
  });
});
