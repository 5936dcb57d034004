import { mkdtemp, readFile, rm, writeFile, mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "kagzi";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Session } from "./session.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CLI = `${ROOT}packages/cli/bin/kagzi.js`;

// Each test starts processes one after the other, on a machine that is busy with other things.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let sessions: Session[];
let clients: Client[];

beforeEach(async () => {
  // Beside the packages, so that it finds them.
  folder = await mkdtemp(`${ROOT}examples/guides/dist/dev-`);
  sessions = [];
  clients = [];
});

afterEach(async () => {
  for (const client of clients) await client.close();
  for (const session of sessions) await session.kill();
  await rm(folder, { recursive: true, force: true });
});

function kagzi(...words: readonly string[]): Session {
  const session = new Session([process.execPath, CLI, ...words], { cwd: folder });
  sessions.push(session);
  return session;
}

/** `kagzi dev` on a free port, and a client of it. */
async function dev(...words: readonly string[]): Promise<{ readonly session: Session; readonly client: Client }> {
  const session = kagzi("dev", "--port", "0", "--lease", "1000", ...words);
  const [, url = ""] = await session.sees(/dashboard +(http:\S+)\//u);
  const client = new Client({ url });
  clients.push(client);
  return { session, client };
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(join(folder, file, ".."), { recursive: true });
  await writeFile(join(folder, file), text);
}

/** A workflow of one step. */
function greets(word: string, name = "hello"): string {
  return `
    import { workflow } from "kagzi";
    export const greeting = workflow("${name}", async (ctx, input: string) => ctx.step("greet", () => "${word} " + input));
  `;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("kagzi dev", () => {
  it("runs what ./workflows exports, tells of each run, and follows the code", async () => {
    await write("workflows/hello.ts", greets("Hello"));
    const { client, session } = await dev();
    await session.sees(/database +\.kagzi\/dev\.db\n[^]*hello@1 +workflows\/hello\.ts\n[^]*kagzi run start hello /u);
    expect(await readFile(join(folder, ".kagzi/.gitignore"), "utf8")).toBe("*\n");
    const first = await client.start("hello", "Ada");
    expect(await first.result()).toBe("Hello Ada");
    await session.sees(new RegExp(`✓ completed +hello +${first.id} +in \\d`, "u"));
    await write("workflows/hello.ts", greets("Bye"));
    await session.sees(/reloaded in .*: hello@1\n/u);
    expect(await (await client.start("hello", "Ada")).result()).toBe("Bye Ada");
    await write("workflows/other.ts", greets("Other", "other"));
    await session.sees(/reloaded in .*: hello@1, other@1\n/u);
    expect(await (await client.start("other", "Ada")).result()).toBe("Other Ada");
    session.interrupt();
    expect(await session.ended()).toBe(0);
  });

  it("keeps the worker when the code is wrong, says where, and recovers", async () => {
    await write("workflows/hello.ts", 'import { word } from "../lib/word";\n' + greets('" + word + "'));
    await write("lib/word.ts", 'export const word = "Hello";\n');
    const { client, session } = await dev();
    await session.sees(/hello@1/u);
    await write("lib/word.ts", 'export const word = "Hello";\nconst x = ;\n');
    await session.sees(/lib\/word\.ts:2:11: Expression expected\n[^]*goes on with the code from before[^]*Waiting/u);
    expect(await (await client.start("hello", "Ada")).result()).toBe("Hello Ada");
    await write("lib/word.ts", 'export const word = "Bye";\nthrow new Error("not yet");\n');
    await session.sees(/Error: not yet\n[^]*lib\/word\.ts:2:7[^]*goes on with the code from before/u);
    await write("lib/word.ts", 'export const word = "Bye";\n');
    await session.sees(/reloaded/u);
    expect(await (await client.start("hello", "Ada")).result()).toBe("Bye Ada");
  });

  it("lets a step that runs come to its end, and goes on with the new code behind it", async () => {
    const code = (word: string) => `
      import { existsSync, writeFileSync } from "node:fs";
      import { workflow } from "kagzi";
      export const slow = workflow("slow", async (ctx) => {
        const first = await ctx.step("wait", async () => {
          writeFileSync("begun", "");
          while (!existsSync("gate")) await new Promise((resolve) => setTimeout(resolve, 20));
          return "${word}";
        });
        return [first, await ctx.step("say", () => "${word}")];
      });
    `;
    await write("workflows/slow.ts", code("old"));
    const { client, session } = await dev();
    await session.sees(/slow@1/u);
    const run = await client.start("slow", undefined);
    await expect
      .poll(
        () =>
          readFile(join(folder, "begun")).then(
            () => true,
            () => false,
          ),
        { timeout: 60_000 },
      )
      .toBe(true);
    await write("workflows/slow.ts", code("new"));
    await session.sees(/reloaded/u);
    await write("gate", "");
    expect(await run.result()).toEqual(["old", "new"]);
    expect((await run.status()).attempt).toBe(1);
  });

  it("goes on without the worker that its code has ended, and starts another", async () => {
    await write(
      "workflows/fatal.ts",
      `import { existsSync, writeFileSync } from "node:fs";
       import { workflow } from "kagzi";
       export const fatal = workflow("fatal", (ctx) => ctx.step("die", () => {
         if (existsSync("died")) return "alive";
         writeFileSync("died", "");
         process.exit(3);
       }));`,
    );
    const { client, session } = await dev();
    await session.sees(/fatal@1/u);
    const run = await client.start("fatal", undefined);
    await session.sees(/the worker ended with 3; it is started again in 500 ms/u);
    expect(await run.result()).toBe("alive");
  });

  it("says what to do when there are no workflows, or two of one name, and waits for them", async () => {
    const { client, session } = await dev();
    await session.sees(
      /no workflows: there are no files in workflows, src\/workflows[^]*export const hello = [^]*Waiting/u,
    );
    await write("src/workflows/a.ts", "export const nothing = 1;\n");
    await session.sees(/no workflows: 1 file\(s\) of [^]*Waiting/u);
    await write("src/workflows/a.ts", greets("A"));
    await session.sees(/hello@1 +src\/workflows\/a\.ts/u);
    await write("src/workflows/b.ts", greets("B"));
    await session.sees(/workflow hello@1 is in src\/workflows\/a\.ts and in src\/workflows\/b\.ts: rename one/u);
    expect(await (await client.start("hello", "Ada")).result()).toBe("A Ada");
    // What one file only passes on is no second workflow.
    await write("src/workflows/b.ts", 'export { greeting } from "./a.js";\n');
    await session.sees(/reloaded in .*: hello@1\n/u);
  });

  it("waits for a file that it was told of", async () => {
    const { session } = await dev("orders.ts");
    await session.sees(/there is no file or folder "orders\.ts"\n[^]*Waiting for a change/u);
    await write("orders.ts", greets("Order", "order"));
    await session.sees(/order@1 +orders\.ts/u);
  });

  it("takes the next port when one is taken, and says so", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const session = kagzi("dev", "--port", String(port), "--no-worker");
    const [, other = ""] = await session.sees(new RegExp(`port ${port} is taken: listening on (\\d+)\\n`, "u"));
    expect(Number(other)).toBeGreaterThan(port);
    await session.sees(new RegExp(`API +http://127.0.0.1:${other} `, "u"));
    await new Promise((resolve) => taken.close(resolve));
  });

  it("forgets everything with --ephemeral, and leaves no file", async () => {
    await write("workflows/hello.ts", greets("Hello"));
    const { client, session } = await dev("--ephemeral");
    await session.sees(/database +in memory/u);
    expect(await (await client.start("hello", "Ada")).result()).toBe("Hello Ada");
    session.interrupt();
    expect(await session.ended()).toBe(0);
    await expect(readFile(join(folder, ".kagzi/.gitignore"))).rejects.toThrow("ENOENT");
  });

  it("takes the code as it is with --no-watch", async () => {
    await write("workflows/hello.ts", "export {};\n");
    const { session } = await dev("--no-watch");
    await session.sees(/export one[^]*/iu);
    session.interrupt();
    expect(await session.ended()).toBe(0);
    expect(session.output).not.toContain("Waiting");
  });

  it.each([
    [["--port", "high"], 2, 'port must be a whole number from 0 to 65535, not "high"'],
    [["--db", "sqlite:x.db", "--ephemeral"], 2, "give --db or --ephemeral, not both"],
    [["--db", "mysql://localhost"], 2, "is no address of a store"],
    [["--lease", "1"], 2, "lease must be a whole number"],
    [["--wacth"], 2, "unknown option '--wacth'"],
    [["--host", "0.0.0.0"], 2, "kagzi dev asks nobody who they are"],
  ])("refuses %j", async (words, code, message) => {
    const session = kagzi("dev", ...words);
    expect(await session.ended()).toBe(code);
    expect(session.output).toContain(message);
  });

  it("opens the dashboard in the browser with --open, and warns of a server that the network can reach", async () => {
    await mkdir(join(folder, "bin"));
    for (const opener of ["open", "xdg-open"]) {
      await writeFile(join(folder, "bin", opener), '#!/bin/sh\necho "$1" > opened\n', { mode: 0o755 });
    }
    const env = { PATH: `${folder}/bin:${process.env["PATH"] ?? ""}` };
    const words = ["dev", "--port", "0", "--no-worker", "--open", "--host", "0.0.0.0", "--no-auth"];
    const session = new Session([process.execPath, CLI, ...words], { cwd: folder, env });
    sessions.push(session);
    const [, url = ""] = await session.sees(/dashboard +(http:\S+)\/\n/u);
    await session.sees(/listens to the network, and asks nobody who they are/u);
    const opened = () => readFile(join(folder, "opened"), "utf8").catch(() => "");
    await expect.poll(opened, { timeout: 60_000 }).toBe(`${url}\n`);
  });

  it("refuses a database that another one has", async () => {
    const { session } = await dev("--no-worker");
    const other = kagzi("dev", "--port", "0");
    expect(await other.ended()).toBe(4);
    expect(other.output).toContain("dev.db");
    session.interrupt();
    expect(await session.ended()).toBe(0);
  });
});

describe("the end of kagzi dev", () => {
  const stuck = `
    import { writeFileSync } from "node:fs";
    import { workflow } from "kagzi";
    export const stuck = workflow("stuck", (ctx) => ctx.step("hang", () => {
      writeFileSync("pid", String(process.pid));
      HANG;
    }));
  `;

  /** `kagzi dev` with a step that never ends, and the process of its worker. */
  async function hanging(code: string): Promise<{ readonly session: Session; readonly pid: number }> {
    await write("workflows/stuck.ts", stuck.replace("HANG", code));
    const { client, session } = await dev();
    await session.sees(/stuck@1/u);
    await client.start("stuck", undefined);
    const pid = () => readFile(join(folder, "pid"), "utf8").then(Number, () => 0);
    await expect.poll(pid, { timeout: 60_000 }).toBeGreaterThan(0);
    return { session, pid: await pid() };
  }

  it("comes at once with a second Ctrl-C, and leaves nothing behind", async () => {
    const { pid, session } = await hanging("return new Promise(() => {})");
    session.interrupt();
    await session.sees(/SIGINT: finishing what runs/u);
    const pressed = Date.now();
    // What comes within half a second is the same key.
    await expect
      .poll(
        () => {
          if (Date.now() - pressed > 1000 && isAlive(session.pid)) session.interrupt();
          return isAlive(pid);
        },
        { timeout: 60_000, interval: 200 },
      )
      .toBe(false);
    expect(await session.ended()).toBe(130);
  });

  it.each([
    ["waits", "return new Promise(() => {})"],
    ["never yields", "for (;;);"],
  ])("leaves no worker that %s behind when it is killed", async (_, code) => {
    const { pid, session } = await hanging(code);
    session.signal("SIGKILL");
    await expect.poll(() => isAlive(pid), { timeout: 60_000 }).toBe(false);
  });
});

describe("kagzi worker", () => {
  it("runs TypeScript as it stands, and drains when it is asked to stop", async () => {
    await write(
      "lib/kinds.ts",
      "export interface Order { id: string }\nexport enum Kind { Small = 'small' }\nexport namespace Words { export const ok = 'ok' }\n",
    );
    await write(
      "jobs.ts",
      `import { existsSync, writeFileSync } from "node:fs";
       import { workflow } from "kagzi";
       import { Kind, Order, Words } from "./lib/kinds.js";
       class Job { constructor(private readonly kind: Kind) {} say(): string { return this.kind; } }
       export const jobs = [
         workflow("job", async (ctx, order: Order) => ctx.step("work", async () => {
           writeFileSync("begun", "");
           while (!existsSync("gate")) await new Promise((resolve) => setTimeout(resolve, 20));
           return new Job(Kind.Small).say() + Words.ok + order.id;
         })),
         workflow("broken", () => {
           throw new Error("at line 12");
         }),
       ];`,
    );
    const { client, session } = await dev("--no-worker");
    const url = /dashboard +(http:\S+)\//u.exec(session.output)?.[1] ?? "";
    const worker = kagzi("worker", "jobs.ts", "--url", url, "--concurrency", "5");
    await worker.sees(/kagzi worker: job@1, broken@1\n/u);
    const run = await client.start("job", { id: "7" });
    await expect
      .poll(
        () =>
          readFile(join(folder, "begun")).then(
            () => true,
            () => false,
          ),
        { timeout: 60_000 },
      )
      .toBe(true);
    const broken = await client.start("broken", undefined);
    const error: unknown = await broken.result().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ cause: { stack: expect.stringContaining("jobs.ts:12:") as string } });
    worker.signal("SIGTERM");
    await worker.sees(/finishing what runs/u);
    await write("gate", "");
    expect(await worker.ended()).toBe(0);
    const again = kagzi("worker", "jobs.ts", "--url", url, "--watch");
    await again.sees(/job@1/u);
    expect(await run.result()).toBe("smallok7");
    expect((await run.status()).attempt).toBe(1);
    again.interrupt();
    expect(await again.ended()).toBe(0);
  });

  it.each([
    [["worker", "none.ts"], 3, 'there is no file or folder "none.ts"'],
    [["worker"], 3, "no workflows: there are no files in workflows"],
    [["worker", "--concurrency", "0"], 2, "concurrency must be a whole number from 1 to 100000"],
  ])("refuses %j", async (words, code, message) => {
    const session = kagzi(...words);
    expect(await session.ended()).toBe(code);
    expect(session.output).toContain(message);
  });
});
