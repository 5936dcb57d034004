import { type Program, cliProgram, createPostgres, freePort } from "@kagzi/test-support";
import { Client, Retry, Worker, workflow } from "kagzi";
import { afterEach, expect, it } from "vitest";
import { failure, reaches } from "./fixture.ts";

const SECRET = "sk-live-4711";
const PASSWORD = "hunter2-of-the-database";

let programs: Program[] = [];

afterEach(async () => {
  for (const program of programs) await program.kill();
  programs = [];
});

/** A server that says all that it can. */
async function server(db: string, format: string): Promise<{ readonly program: Program; readonly url: string }> {
  const port = await freePort();
  const env = { KAGZI_LOG_LEVEL: "debug", KAGZI_LOG_FORMAT: format, KAGZI_DB_URL: db };
  const program = cliProgram(["server", "--port", String(port)], env);
  programs.push(program);
  program.spawn();
  return { program, url: `http://127.0.0.1:${port}` };
}

const careless = workflow("careless", async (ctx, input: { readonly apiKey: string }) => {
  ctx.log.info("begun");
  await ctx.step("use", { input, retry: Retry.fixed(2, 1) }, ({ attempt }) => {
    if (attempt === 1) throw new Error(`not taken: ${input.apiKey}`);
    return { token: input.apiKey };
  });
  ctx.progress({ token: input.apiKey });
  const event = await ctx.waitForEvent("key");
  throw new Error(`the key was ${String(event?.payload)}`);
});

it.each(["json", "pretty"])(
  "no payload and no password is in the logs of a server and a worker, as %s",
  async (format) => {
    const cluster = await createPostgres({ durable: false });
    try {
      await cluster.start();
      const withPassword = new URL(cluster.url);
      withPassword.password = PASSWORD;
      const { program, url } = await server(withPassword.href, format);
      const logged: unknown[] = [];
      const note = (...entry: readonly unknown[]) => logged.push(entry);
      const logger = { debug: note, info: note, warn: note, error: note };
      await using worker = new Worker({ url, workflows: [careless], logger });
      await worker.start();
      await using client = new Client({ url });
      const run = await client.start(careless, { apiKey: SECRET }, { id: "careless-1" });
      await reaches(run, "waiting");
      await run.send("key", SECRET);
      expect((await failure(run)).message).toContain(SECRET);
      // Another input for the same id is refused, and a broken call as well.
      await expect(client.start(careless, { apiKey: `${SECRET}-other` }, { id: "careless-1" })).rejects.toThrow();
      await fetch(`${url}/kagzi.v1.WorkflowService/StartWorkflow`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${SECRET}` },
        body: JSON.stringify({ input: SECRET }),
      });
      await expect.poll(() => program.output, { timeout: 10_000 }).toContain("a run has ended");
      expect(program.output).toContain(run.id);
      expect(program.output).toContain("will be followed by another one");
      expect(JSON.stringify(logged)).toContain("begun");
      for (const secret of [SECRET, PASSWORD, Buffer.from(SECRET).toString("base64").slice(0, 12)]) {
        expect(program.output).not.toContain(secret);
        expect(JSON.stringify(logged)).not.toContain(secret);
        expect(await (await fetch(`${url}/metrics`)).text()).not.toContain(secret);
      }
    } finally {
      await cluster.remove();
    }
  },
);

it("says that its database does not answer, and not its password", async () => {
  const { program, url } = await server(`postgres://kagzi:${PASSWORD}@127.0.0.1:${await freePort()}/kagzi`, "json");
  await expect.poll(() => program.output, { timeout: 15_000 }).toContain("the store does not answer yet");
  expect(program.output).not.toContain(PASSWORD);
  expect(await (await fetch(`${url}/readyz`)).text()).not.toContain(PASSWORD);
  const entries = program.output.split("\n").filter((line) => line.startsWith("{"));
  expect(JSON.parse(entries[0] ?? "")).toMatchObject({
    level: "warn",
    msg: "the store does not answer yet, trying again",
  });
});
