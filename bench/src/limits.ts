import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ClaimResult,
  type ClaimedRun,
  type NamespaceId,
  type RunId,
  type Start,
  type Store,
  type WorkerId,
  planUpdate,
  uuidv7Source,
} from "@kagzi/core";
import { openStore } from "@kagzi/embedded";
import { percentile } from "./measure.ts";
import { startPostgres } from "./postgres.ts";

const RUNS = Number(process.env["BENCH_PENDING"] ?? 100_000);
const KEYS = Number(process.env["BENCH_KEYS"] ?? 10_000);
const ROUNDS = 200;
/** Runs that a claim asks for: the slots of a worker. */
const WANTED = 100;

const namespaceId = "default" as NamespaceId;
const newId = uuidv7Source({ now: Date.now, randomBytes: (count) => randomBytes(count) });

/**
 * Times claims of a workflow with a limit of one run for each key beside those of a workflow without limits, in turn, with
 * as many pending runs of each.
 */
export async function measureLimits(print: (line: string) => void): Promise<void> {
  const cluster = await startPostgres();
  const folder = mkdtempSync(join(tmpdir(), "kagzi-bench-"));
  try {
    await measureStore("PostgreSQL", await openStore(await cluster.createDatabase()), print);
    await measureStore("SQLite", await openStore(`sqlite:${join(folder, "limits.db")}`), print);
  } finally {
    await cluster.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureStore(name: string, store: Store, print: (line: string) => void): Promise<void> {
  await store.migrate();
  const workerId = newId() as WorkerId;
  const workflows = ["free", "limited"].map((workflowType) => ({ workflowType, version: "1" }));
  const about = { hostname: "", pid: 1, version: "1", labels: {}, workflowTypeConcurrency: {}, maxConcurrent: WANTED };
  await store.workers.register({ namespaceId, workerId, taskQueue: "", workflows, ...about }, 3_600_000);
  const declared = { concurrency: [{ limit: 1, key: "customer" }] };
  await store.limits.declare(namespaceId, [{ workflowType: "limited", declared }]);
  await startAll(store, () => ({ workflowType: "free" }));
  await startAll(store, (index) => ({ workflowType: "limited", limitKey: `customer-${index % KEYS}` }));
  const ways = { free: claimFree(store, workerId), limited: claimLimited(store, workerId) };
  const times = { free: [] as number[], limited: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of ["free", "limited"] as const) {
      const began = performance.now();
      const claimed = await ways[way]();
      // The first claims warm up caches and plans.
      if (round >= ROUNDS / 10) times[way].push((performance.now() - began) / claimed.length);
      await endAll(store, claimed);
    }
  }
  await store.close();
  const [free, limited] = [percentile(times.free, 0.5), percentile(times.limited, 0.5)];
  print(
    `${name}: a claimed run costs ${(free * 1000).toFixed(0)} µs without limits, ${(limited * 1000).toFixed(0)} µs with one ` +
      `of 1 for each of ${KEYS} keys: ${(limited / free).toFixed(2)}x (${RUNS} pending runs of each, claims of ${WANTED})`,
  );
}

async function startAll(store: Store, change: (index: number) => Partial<Start> & { workflowType: string }) {
  const batch = 1000;
  for (let begin = 0; begin < RUNS; begin += batch) {
    const starts = Array.from({ length: Math.min(batch, RUNS - begin) }, (_, at) => ({
      namespaceId,
      runId: newId() as RunId,
      taskQueue: "",
      version: "1",
      priority: 0,
      delayMs: 0,
      ...change(begin + at),
    }));
    await store.runs.start(starts);
  }
}

function claimFree(store: Store, workerId: WorkerId): () => Promise<readonly ClaimedRun[]> {
  const wanted = [{ workflowType: "free", version: "1", limit: WANTED }];
  return async () => claimedOf(await store.runs.claim({ namespaceId, taskQueue: "", wanted, assign: allTo(workerId) }));
}

function claimLimited(store: Store, workerId: WorkerId): () => Promise<readonly ClaimedRun[]> {
  const wanted = { workflowType: "limited", version: "1", limit: WANTED };
  return async () =>
    claimedOf(await store.runs.claimLimited({ namespaceId, taskQueue: "", wanted, keysOf, assign: allTo(workerId) }));
}

function keysOf() {
  return { limitKey: "" };
}

function allTo(workerId: WorkerId) {
  return (candidates: readonly { readonly runId: RunId }[]) => candidates.map(({ runId }) => ({ runId, workerId }));
}

function claimedOf(result: ClaimResult | undefined): readonly ClaimedRun[] {
  if (result?.claimed.length !== WANTED) throw new Error(`${result?.claimed.length} runs were claimed, not ${WANTED}`);
  return result.claimed;
}

async function endAll(store: Store, claimed: readonly ClaimedRun[]): Promise<void> {
  const writes = claimed.map(({ lastSeq, run }) =>
    planUpdate({ ...run, afterSeq: lastSeq }, run, { commands: [], outcome: { become: "completed" } }, () => 0),
  );
  await store.runs.write(writes);
}
