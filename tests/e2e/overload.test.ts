import type { MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError, type Transport, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import type { Store } from "@kagzi/core";
import { openStore } from "@kagzi/embedded";
import { ErrorCode, ErrorDetailSchema, type WorkRequestSchema, WorkerService, WorkflowService } from "@kagzi/proto";
import { type RunningServer, startServer } from "@kagzi/server";
import { Client, Worker, workflow } from "kagzi";
import { Client as PostgresClient } from "pg";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { quiet } from "./fixture.ts";

/** Small commits, so that there is room for little: 100 starts, 80 updates of a worker. */
const CONFIG = { commitItems: 20, commitBytes: 64 * 1024, pollMs: 200 };
const ROOM = 5 * CONFIG.commitItems;
const WORKFLOWS = [{ workflowType: "count", version: "1" }];

let schemas = 0;
let schema: string;
let store: Store;
let server: RunningServer;
let transport: Transport;
let lock: PostgresClient;

beforeEach(async () => {
  schema = `overload_${process.pid}_${++schemas}`;
  store = await openStore(inject("postgresUrl"), { schema, poolSize: 1 });
  server = await startServer({ store, host: "127.0.0.1", port: 0, config: CONFIG });
  await server.ready;
  transport = createConnectTransport({ baseUrl: server.url, httpVersion: "2", acceptCompression: [] });
  lock = new PostgresClient({ connectionString: inject("postgresUrl") });
  await lock.connect();
});

afterEach(async () => {
  await lock.end();
  await server.stop();
  expect(await store.violations()).toEqual([]);
  await store.close();
});

/** From now on nothing is written into a history: everything that wants to waits, and gives up its try after five seconds. */
async function holdWrites(): Promise<void> {
  await lock.query("BEGIN");
  await lock.query(`LOCK TABLE ${schema}.history IN ACCESS EXCLUSIVE MODE`);
}

async function letWritesGo(): Promise<void> {
  await lock.query("ROLLBACK");
}

/** What an error says of itself. */
function detailOf(error: unknown) {
  const [detail] = ConnectError.from(error).findDetails(ErrorDetailSchema);
  return detail ?? expect.fail(`no detail: ${String(error)}`);
}

async function registered(maxConcurrent = 10): Promise<string> {
  const request = { namespaceId: "default", workflows: WORKFLOWS, maxConcurrent };
  return (await createClient(WorkerService, transport).register(request)).workerId;
}

async function beat(workerId: string): Promise<void> {
  await createClient(WorkerService, transport).heartbeat({ workerId, namespaceId: "default", held: { runs: [] } });
}

describe("a server that is asked for more than it can do", () => {
  it("takes so many starts, tells the others when to come again, and hears its workers; each is done once in the end", async () => {
    const workflows = createClient(WorkflowService, transport);
    const workerId = await registered();
    const refused: ReturnType<typeof detailOf>[] = [];
    const accepted: string[] = [];
    const request = { namespaceId: "default", workflowType: "count", version: "1" };
    await holdWrites();
    const flood = Array.from({ length: 6 * ROOM }, (_, n) =>
      workflows.startWorkflow({ ...request, externalId: `order-${n}` }).then(
        ({ runId }) => accepted.push(runId),
        (error: unknown) => refused.push(detailOf(error)),
      ),
    );
    await vi.waitFor(() => expect(refused.length).toBeGreaterThanOrEqual(5 * ROOM), { timeout: 20_000 });
    expect(accepted).toEqual([]);
    for (const { code, metadata, retryAfterMs } of refused.slice(0, 5 * ROOM)) {
      expect([code, metadata["reason"]]).toEqual([ErrorCode.UNAVAILABLE, "OVERLOADED"]);
      expect(Number(retryAfterMs)).toBeGreaterThanOrEqual(100);
      expect(Number(retryAfterMs)).toBeLessThanOrEqual(2000);
    }
    // All connections of the pool but its own may be waiting.
    for (let n = 0; n < 5; n++) await beat(workerId);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    await letWritesGo();
    await Promise.all(flood);

    const executed = new Map<string, number>();
    const count = workflow("count", async (ctx) =>
      ctx.step("count", () => executed.set(ctx.runId, (executed.get(ctx.runId) ?? 0) + 1).size),
    );
    await using worker = new Worker({ url: server.url, workflows: [count], logger: quiet });
    await worker.start();
    await using client = new Client({ url: server.url });
    const runs = await Promise.all(
      Array.from({ length: 6 * ROOM }, (_, n) => client.start("count", undefined, { id: `order-${n}` })),
    );
    await Promise.all(runs.map((run) => run.result()));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(6 * ROOM);
    for (const id of accepted) expect(executed.has(id)).toBe(true);
    expect(executed.size).toBe(6 * ROOM);
    expect([...executed.values()].every((times) => times === 1)).toBe(true);
  });

  it("lets operators cancel what a flood of starts keeps waiting", async () => {
    await using client = new Client({ url: server.url });
    const run = await client.start("count", undefined);
    await holdWrites();
    const workflows = createClient(WorkflowService, transport);
    const request = { namespaceId: "default", workflowType: "count", version: "1" };
    const flood = Array.from({ length: 2 * ROOM }, () => workflows.startWorkflow(request).catch(detailOf));
    // Not refused, but done when the history can be written again.
    const cancelled = run.cancel();
    await vi.waitFor(() => expect(Promise.race(flood)).resolves.toMatchObject({ metadata: { reason: "OVERLOADED" } }));
    await letWritesGo();
    expect((await cancelled).status).toBe("cancelled");
    await Promise.all(flood);
  });
});

type WorkRequest = MessageInitShape<typeof WorkRequestSchema>;

/** A worker that speaks and listens when it is told to. */
class SlowWorker {
  readonly tasks: { readonly runId: string; readonly epoch: number; readonly lastSeq: number }[] = [];
  readonly acks: string[] = [];
  /** Messages that the transport has taken. */
  sent = 0;
  readonly workerId: string;
  readonly #messages: AsyncIterator<{
    readonly tasks: SlowWorker["tasks"];
    readonly acks: { readonly runId: string }[];
  }>;
  #queue: WorkRequest[] = [];
  #wake = () => {};
  readonly #over = new AbortController();

  constructor(workerId: string) {
    this.workerId = workerId;
    this.#queue.push({ hello: { workerId, namespaceId: "default" } });
    const incoming = createClient(WorkerService, transport).work(this.#outgoing(), { signal: this.#over.signal });
    this.#messages = incoming[Symbol.asyncIterator]();
  }

  say(...requests: readonly WorkRequest[]): void {
    this.#queue.push(...requests);
    this.#wake();
  }

  /** Reads until something is so. */
  async readUntil(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      const { done, value } = await this.#messages.next();
      if (done === true) expect.fail("the stream has ended");
      this.tasks.push(...value.tasks);
      this.acks.push(...value.acks.map(({ runId }) => runId));
    }
  }

  close(): void {
    this.#over.abort();
    void this.#messages.next().catch(() => {});
  }

  async *#outgoing(): AsyncGenerator<WorkRequest> {
    while (!this.#over.signal.aborted) {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        this.sent += 1;
        yield next;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#over.signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }
}

/** Returns when a figure stays the same while the server answers a hundred times. */
async function settles(workerId: string, figure: () => number | Promise<number>): Promise<number> {
  for (let before = -1; ;) {
    const now = await figure();
    if (now === before) return now;
    before = now;
    for (let n = 0; n < 100; n++) await beat(workerId);
  }
}

describe("a worker's stream", () => {
  const RUNS = 600;
  const LARGE = new Uint8Array(64 * 1024);
  let watcher: string;
  let slow: SlowWorker;

  beforeEach(async () => {
    watcher = await registered();
    slow = new SlowWorker(await registered(RUNS));
    await slow.readUntil(() => true);
  });

  afterEach(() => slow.close());

  async function startRuns(input?: Uint8Array): Promise<void> {
    const workflows = createClient(WorkflowService, transport);
    const request = { namespaceId: "default", workflowType: "count", version: "1" };
    for (let n = 0; n < RUNS; n += 100) {
      const starts = Array.from({ length: 100 }, () => ({ ...request, ...(input && { input: { data: input } }) }));
      await workflows.startWorkflows({ workflows: starts });
    }
  }

  it("is not read any further than its updates can be written, and loses none of them", async () => {
    await startRuns();
    await slow.readUntil(() => slow.tasks.length === RUNS);
    await holdWrites();
    const before = slow.sent;
    for (const { epoch, lastSeq, runId } of slow.tasks) {
      const complete = { case: "complete" as const, value: { output: { data: LARGE } } };
      slow.say({ updates: [{ runId, epoch, afterSeq: lastSeq, outcome: complete }] });
    }
    const taken = (await settles(watcher, () => slow.sent)) - before;
    // Those that the server has read, and what the connection carries: four megabytes and a few messages.
    expect(taken).toBeGreaterThanOrEqual((4 * CONFIG.commitBytes) / LARGE.length);
    expect(taken).toBeLessThan(RUNS / 2);
    await letWritesGo();
    await slow.readUntil(() => slow.acks.length === RUNS);
    expect(new Set(slow.acks).size).toBe(RUNS);
  });

  it("is given no more than its worker reads, and everything in the end", async () => {
    await startRuns(LARGE);
    const running = async () => {
      const counts = await store.runs.count({ namespaceId: "default" as never, statuses: ["running"] }, 10_000);
      return counts;
    };
    expect(await settles(watcher, running)).toBeLessThan(RUNS / 2);
    await slow.readUntil(() => slow.tasks.length === RUNS);
    expect(new Set(slow.tasks.map(({ runId }) => runId)).size).toBe(RUNS);
  });
});
