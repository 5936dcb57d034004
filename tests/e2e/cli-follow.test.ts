import { Client, workflow } from "kagzi";
import { cliProgram } from "@kagzi/test-support";
import { beforeEach, describe, expect, it } from "vitest";
import { type Outcome, type World, command } from "./cli.ts";
import { ENGINES } from "./engines.ts";
import { reaches, useEngine } from "./fixture.ts";

const [, open] = ENGINES.find(([name]) => name === "a server on SQLite") ?? expect.fail("no server");

const hello = workflow("hello", async (ctx, input: { name: string }) => {
  const text = await ctx.step("greet", () => `Hello ${input.name}`);
  await ctx.step("flaky", { retries: 1 }, ({ attempt }) => {
    if (attempt === 1) throw new Error("not yet");
  });
  return { text };
});
const fails = workflow("fails", async (ctx) =>
  ctx.step("charge", { retries: 0 }, () => {
    throw new RangeError("out of stock");
  }),
);
const waits = workflow("waits", async (ctx) => {
  await ctx.step("first", () => 1);
  return (await ctx.waitForEvent("go"))?.payload;
});
const again = workflow("again", async (ctx, count: number): Promise<number> => {
  await ctx.step(`round ${count}`, () => count);
  return count === 2 ? count : ctx.continueAsNew(count + 1);
});

describe("a command that waits for a run", () => {
  const f = useEngine(open);
  let url: string;

  beforeEach(async () => {
    url = "url" in f.engine.at ? f.engine.at.url : "";
    await f.work([hello, fails, waits, again]);
  });

  function run(words: readonly string[], world: World = {}): Promise<Outcome> {
    return command(["run", ...words], { env: { KAGZI_URL: url, NO_COLOR: "1" }, ...world });
  }

  it("prints the output and nothing else, and shows the steps beside it", async () => {
    const waited = await run(["start", "hello", "-i", '{"name": "Ada"}', "--wait"]);
    expect(waited).toMatchObject({ code: 0, stdout: '{"text":"Hello Ada"}\n' });
    expect(waited.stderr).toMatch(/^started run [0-9a-f-]{36} of workflow hello\n$/u);
    const { code, stderr, stdout } = await run(["start", "hello", "-P", "name=Bob", "--follow"]);
    expect([code, stdout]).toEqual([0, '{"text":"Hello Bob"}\n']);
    expect(stderr).toMatch(/\tcompleted\tgreet\t/u);
    expect(stderr).toMatch(/\twaiting\tflaky\tattempt 2\t20.*\tError: not yet\n/u);
    expect(stderr).toMatch(/\tcompleted\tflaky\tattempt 2\t/u);
    // No terminal: nothing that only a terminal understands.
    for (const control of ["\r", "\u001B"]) expect(stderr).not.toContain(control);
  });

  it("redraws its last line on a terminal", async () => {
    const { code, stderr, stdout } = await run(["start", "hello", "-P", "name=Ada", "--follow"], { columns: 60 });
    expect([code, stdout]).toEqual([0, '{\n  "text": "Hello Ada"\n}\n']);
    expect(stderr).toContain("\r\u001B[K");
    expect(stderr).toContain("Ctrl-C leaves it running");
    expect(stderr).toMatch(/✓ completed {2}greet/u);
    const dumb = await run(["follow", "latest"], { columns: 60, env: { KAGZI_URL: url, TERM: "dumb" } });
    for (const control of ["\r", "\u001B"]) expect(dumb.stderr).not.toContain(control);
  });

  it("tells what became of the run by its exit code", async () => {
    const failed = await run(["start", "fails", "--wait"]);
    expect(failed).toMatchObject({ code: 7, stdout: "", stderr: expect.stringContaining("RangeError: out of stock") });
    expect(await run(["result", "latest:fails"])).toMatchObject({ code: 7, stdout: "" });
    expect(await run(["follow", "latest:fails"])).toMatchObject({ code: 7, stdout: "" });
    const { stdout } = await run(["result", "latest:fails", "-o", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({ status: "WORKFLOW_STATUS_FAILED" });
    const started = await f.client.start(waits, undefined);
    await reaches(started, "waiting");
    expect(await run(["result", started.id, "--timeout", "50ms"])).toMatchObject({ code: 9, stdout: "" });
    await started.cancel();
    expect(await run(["result", started.id])).toMatchObject({ code: 8, stdout: "" });
    expect(await run(["result", "0190-nobody"])).toMatchObject({ code: 3 });
  });

  it("fails a run that ran out of time as a failure, not as a wait that did", async () => {
    expect(await run(["start", "waits", "--run-timeout", "300ms", "--wait", "--timeout", "20s"])).toMatchObject({
      code: 7,
      stderr: expect.stringContaining("TIMEOUT"),
    });
  });

  it("goes on with the run that its run went on as", async () => {
    const { code, stderr, stdout } = await run(["start", "again", "-i", "0", "--follow"]);
    expect([code, stdout]).toEqual([0, "2\n"]);
    for (const round of [0, 1, 2]) expect(stderr).toContain(`round ${round}`);
  });

  it("gives each change of a step as a line of JSON, and the run at last", async () => {
    await f.client.start(hello, { name: "Ada" }).then((started) => started.result({ timeout: "20s" }));
    const { code, stdout } = await run(["follow", "latest", "-o", "jsonl"]);
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ name, status }) => name ?? status)).toEqual(["greet", "flaky", "WORKFLOW_STATUS_COMPLETED"]);
  });

  it("leaves the run alone when it is interrupted", async () => {
    const started = await f.client.start(waits, undefined);
    await reaches(started, "waiting");
    const controller = new AbortController();
    const following = run(["follow", started.id], { interruption: controller.signal });
    controller.abort();
    expect(await following).toMatchObject({ code: 130, stdout: "" });
    expect((await started.status()).status).toBe("waiting");
  });

  it("is interrupted by Ctrl-C", async () => {
    const started = await f.client.start(waits, undefined);
    await reaches(started, "waiting");
    const program = cliProgram(["run", "follow", started.id], { KAGZI_URL: url });
    program.spawn();
    await expect.poll(() => program.output, { timeout: 20_000 }).toContain("\tfirst\t");
    program.signal("SIGINT");
    expect(await program.exited()).toBe(130);
    expect(program.output).toContain(`run ${started.id} goes on`);
    expect((await started.status()).status).toBe("waiting");
  });

  it("takes its input from a file, from standard input and from fields", async () => {
    const inputs = [
      [["-i", "-"], '{"name": "Ada"}'],
      [["-P", "name=Ada"], ""],
      [["-i", '{"name": "Eve"}', "-P", 'name:="Ada"'], ""],
    ] as const;
    for (const [words, stdin] of inputs) {
      const { code, stdout } = await run(["start", "hello", ...words, "--wait"], { stdin });
      expect([words, code, stdout]).toEqual([words, 0, '{"text":"Hello Ada"}\n']);
    }
    expect((await run(["show", "latest", "--input"])).stdout).toBe('{"name":"Ada"}\n');
  });

  it("speaks for the namespace that it is told", async () => {
    await f.client.namespaces.create("team-a");
    await using client = new Client({ url, namespace: "team-a" });
    const started = await client.start("elsewhere");
    expect((await run(["list", "-n", "team-a", "-o", "id"])).stdout).toBe(`${started.id}\n`);
    expect((await run(["list", "-o", "id"])).stdout).toBe("");
    expect(await run(["list", "-n", "team-b"])).toMatchObject({ code: 3, stderr: expect.stringContaining("team-b") });
  });
});
