import { type Backlog, LIMITS } from "@kagzi/core";
import type { Engine } from "../engine/engine.ts";
import { sleep } from "../engine/env.ts";
import { SERVER_VERSION } from "../version.ts";
import type { Health } from "./health.ts";

/** The store is asked no more often, however often the metrics are read. */
const FRESH_MS = 15_000;
/** What is older is not shown: it would hide that nothing is known. */
const STALE_MS = 60_000;
/** How long the metrics wait for the store. */
const PATIENCE_MS = 2000;
/** Namespaces that are looked at. */
const NAMESPACES = 100;

/** Adds to an engine's metrics what there is when they are read, where counters say what happened. */
export function addGauges(engine: Engine, health: Health): void {
  const { metrics, store } = engine.context;
  const build = metrics.registry.gauge({
    name: "kagzi_build_info",
    help: "Always 1: its labels say what runs here.",
    labels: ["version", "node", "store"],
  });
  build.of(SERVER_VERSION, process.versions.node, store.kind).set(1);
  const serving = metrics.registry.gauge({
    name: "kagzi_serving",
    help: "1 while the server can do its work: its schema is there and its store answers.",
  });
  metrics.registry.collect(() => serving.of().set(health.isServing ? 1 : 0));
  addWorkers(engine);
  addConnections(engine);
  addBacklog(engine);
}

function addWorkers({ context: { metrics }, workers }: Engine): void {
  const count = metrics.registry.gauge({
    name: "kagzi_workers",
    help: "Workers that have a stream to this server.",
    labels: ["namespace"],
  });
  const slots = metrics.registry.gauge({
    name: "kagzi_worker_slots",
    help: "Slots of the workers that have a stream to this server: used by runs, or free.",
    labels: ["namespace", "state"],
  });
  metrics.registry.collect(() => {
    count.clear();
    slots.clear();
    for (const [namespaceId, own] of workers.slots()) {
      count.of(namespaceId).set(own.workers);
      slots.of(namespaceId, "used").set(own.used);
      slots.of(namespaceId, "free").set(Math.max(0, own.capacity - own.used));
    }
  });
}

function addConnections({ context: { metrics, store } }: Engine): void {
  const connections = metrics.registry.gauge({
    name: "kagzi_db_pool_connections",
    help: "Connections of this server's pool to PostgreSQL.",
    labels: ["state"],
  });
  const waiting = metrics.registry.gauge({
    name: "kagzi_db_pool_waiting",
    help: "Operations that wait for a connection to PostgreSQL.",
  });
  metrics.registry.collect(() => {
    const now = store.connections();
    if (now === undefined) return;
    connections.of("busy").set(now.busy);
    connections.of("idle").set(now.idle);
    waiting.of().set(now.waiting);
  });
}

function addBacklog(engine: Engine): void {
  const { registry } = engine.context.metrics;
  const labels = ["namespace", "workflow"];
  const runs = registry.gauge({
    name: "kagzi_runs",
    help: `Runs that have not ended, by state; of each namespace and state the ${LIMITS.count} oldest are counted.`,
    labels: [...labels, "state"],
  });
  const depth = registry.gauge({
    name: "kagzi_queue_depth",
    help: "Runs that are ready and wait for a worker, counted as in kagzi_runs.",
    labels,
  });
  const age = registry.gauge({
    name: "kagzi_queue_oldest_age_seconds",
    help: "For how long the first of the runs that are ready has been.",
    labels,
  });
  const read = cached(engine);
  registry.collect(async () => {
    const backlog = await read();
    for (const gauge of [runs, depth, age]) gauge.clear();
    for (const { count, namespaceId, status, workflowType } of backlog) {
      runs.of(namespaceId, workflowType, status).set(count);
    }
    for (const { namespaceId, oldestReadyMs, ready, workflowType } of byWorkflow(backlog)) {
      depth.of(namespaceId, workflowType).set(ready);
      age.of(namespaceId, workflowType).set(oldestReadyMs / 1000);
    }
  });
}

/** Of all states together. */
function byWorkflow(backlog: readonly Backlog[]): Iterable<Omit<Backlog, "status" | "count">> {
  const all = new Map<string, Backlog>();
  for (const each of backlog) {
    const key = `${each.namespaceId}\0${each.workflowType}`;
    const { oldestReadyMs = 0, ready = 0 } = all.get(key) ?? {};
    all.set(key, {
      ...each,
      ready: ready + each.ready,
      oldestReadyMs: Math.max(oldestReadyMs, each.oldestReadyMs),
    });
  }
  return all.values();
}

/** What was last read of the store, at one look at a time; nothing where that is too long ago. */
function cached({ context: { env, store } }: Engine): () => Promise<readonly Backlog[]> {
  let known: readonly Backlog[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  const look = async () => {
    const namespaces = await store.namespaces.list({ limit: NAMESPACES });
    const ids = namespaces.map(({ namespaceId }) => namespaceId);
    known = await store.runs.backlog(ids, LIMITS.count);
    readAt = env.now();
  };
  const lookOnce = () => {
    // Without an answer what is known goes on to be shown, until it is stale.
    reading ??= look()
      .catch(() => {})
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  return async () => {
    if (env.now() - readAt >= FRESH_MS) {
      const isRead = new AbortController();
      await Promise.race([lookOnce(), sleep(env, PATIENCE_MS, isRead.signal)]);
      isRead.abort();
    }
    return env.now() - readAt < STALE_MS ? known : [];
  };
}
