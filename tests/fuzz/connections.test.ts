import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DescMethod, type DescService, toBinary } from "@bufbuild/protobuf";
import * as contract from "@kagzi/proto";
import * as grpc from "@kagzi/proto/grpc";
import { type Program, freePort, serverProgram } from "@kagzi/test-support";
import { Client, Worker, workflow } from "kagzi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "@kagzi/embedded";
import { Chance } from "./chance.ts";
import { makeMessage } from "./messages.ts";
import { mutate } from "./mutations.ts";
import { Pools } from "./pools.ts";
import { FUZZ, note, repeatWith } from "./settings.ts";
import { type Port, TALKS } from "./talks.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const SHARE = 0.06;
const LONG_MS = 60 * 60_000;
/** Talks at once. */
const AT_ONCE = 6;
/** Of the server. Left to itself the collector keeps whatever the machine has room for, and a leak would not show. */
const HEAP_MB = 160;
/** A heap that has grown to its limit, and what is beside it. */
const MOST_GROWTH_BYTES = (HEAP_MB + 140) * 1024 * 1024;
/** Of what the server has open when all have gone: its database, its port, and those who are still its callers. */
const MOST_MORE_FILES = 10;

/** Every service that is on the port. */
const METHODS = Object.values({ ...contract, ...grpc })
  .filter(
    (each): each is DescService & typeof each => typeof each === "object" && "kind" in each && each.kind === "service",
  )
  .flatMap(({ methods }): readonly DescMethod[] => methods);

describe("a server, whatever is done to its port,", { timeout: LONG_MS }, () => {
  let folder: string;
  let server: Program;
  let port: number;
  let db: string;
  let hasEnded: boolean;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "kagzi-fuzz-"));
    db = `sqlite:${join(folder, "fuzz.db")}`;
    port = await freePort();
    server = serverProgram({ db, port, env: { NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` } });
    await server.start();
    hasEnded = false;
    void server.exited().then(() => (hasEnded = true));
    // Where the messages of the fuzzer are made.
    await using client = new Client({ url: `http://127.0.0.1:${port}` });
    for (const name of ["alpha", "good"]) await client.namespaces.create(name);
  });

  afterEach(async () => {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it("goes on serving those who mean well, and keeps nothing of the others", async () => {
    const chance = new Chance(FUZZ.seed);
    const pools = new Pools({});
    const at: Port = { port, methods: METHODS, message: (method, by) => messageOf(method, by, pools) };
    const good = new GoodCaller(`http://127.0.0.1:${port}`);
    await good.begin();
    const talks = Object.entries(TALKS);
    // Each once, so that everything has come to its size.
    for (const [, talk] of talks) await talk(at, chance);
    const early = memoryOf(server.pid);
    const begun = performance.now();
    let left = FUZZ.messages * SHARE;
    let next = 0;
    const lane = async () => {
      while (left > 0) {
        const [name, talk] = talks[next++ % talks.length] ?? talks[0] ?? expect.fail("there are no talks");
        const sent = await talk(at, chance.fork());
        left -= sent;
        if (hasEnded)
          expect.fail(
            `the server ended after ${name}; repeat it: ${repeatWith("whatever is done to its port")}\n${server.output}`,
          );
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    const calls = await good.end();
    expect(calls).toBeGreaterThan(10);
    expect(server.output.split("\n").filter((line) => /error|unhandled|a call failed/iu.test(line))).toEqual([]);
    // What is left of those who said nothing ends after ten seconds.
    await expect
      .poll(() => filesOf(server.pid), { timeout: 60_000, interval: 200 })
      .toBeLessThan(early.files + MOST_MORE_FILES);
    const growth = memoryOf(server.pid).bytes - early.bytes;
    expect(growth).toBeLessThan(MOST_GROWTH_BYTES);
    note(`a port, talked to in ${talks.length} wrong ways`, {
      tried: Math.round(FUZZ.messages * SHARE),
      seconds: (performance.now() - begun) / 1000,
      growthMiB: growth / 1024 ** 2,
    });
    expect(await server.stop()).toBe(0);
    const store = await openStore(db);
    expect(await store.violations()).toEqual([]);
    await store.close();
  });
});

/** Somebody with a run after the other, whose every call must be answered. */
class GoodCaller {
  readonly #client: Client;
  readonly #worker: Worker;
  readonly #echo = workflow("good", async (ctx, input: number) => ctx.step("echo", () => input));
  #over = false;
  #calls = 0;
  #calling: Promise<void> = Promise.resolve();

  constructor(url: string) {
    this.#client = new Client({ url, namespace: "good" });
    this.#worker = new Worker({ url, workflows: [this.#echo], logger: quiet, namespace: "good" });
  }

  async begin(): Promise<void> {
    await this.#worker.start();
    this.#calling = this.#go();
  }

  /** Answers with how many runs it had. @throws what was the matter with one of them */
  async end(): Promise<number> {
    this.#over = true;
    await this.#calling;
    await this.#worker.stop();
    await this.#client.close();
    return this.#calls;
  }

  async #go(): Promise<void> {
    while (!this.#over) {
      const run = await this.#client.start(this.#echo, this.#calls);
      expect(await run.result({ timeout: "60s" })).toBe(this.#calls);
      this.#calls += 1;
    }
  }
}

function messageOf(method: DescMethod, chance: Chance, pools: Pools): Uint8Array {
  const making = { chance, pools, edgeIn: chance.one([6, 1_000_000]) };
  const bytes = toBinary(method.input, makeMessage(method.input, making));
  return chance.oneIn(2) ? bytes : mutate(bytes, [], chance);
}

/** As Linux tells it; elsewhere this is not looked at. */
function memoryOf(pid: number): { readonly bytes: number; readonly files: number } {
  if (!existsSync("/proc/self/statm")) return { bytes: 0, files: 0 };
  const [, pages = "0"] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
  return { bytes: Number(pages) * 4096, files: filesOf(pid) };
}

function filesOf(pid: number): number {
  return existsSync("/proc/self/fd") ? readdirSync(`/proc/${pid}/fd`).length : 0;
}
