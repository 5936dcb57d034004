import { DBOS, DBOSClient } from "@dbos-inc/dbos-sdk";
import { inParallel, serve } from "../../dist/programs/program.js";
import { complain, hasNone, openPool } from "./common.mjs";

// Runs are put on a queue by a client in a process of its own, as DBOS documents it for a web server beside its workers.
const QUEUE = "bench";
const POLL_MS = 2;
const POOL = 50;
const CALLS = 32;

let client;
let pool;
let marks;

DBOS.registerWorkflow(
  async ({ n, steps: count }) => {
    let sum = n;
    for (let index = 0; index < count; index++) {
      const before = sum;
      sum = await DBOS.runStep(
        async () => {
          marks.step(n, index);
          return before + index;
        },
        { name: "add" },
      );
    }
    marks.ended(n);
    return sum;
  },
  { name: "steps" },
);

DBOS.registerWorkflow(
  async ({ dueAt, n }) => {
    await DBOS.sleep(Math.max(0, dueAt - Date.now()));
    marks.woke(n, dueAt);
    marks.ended(n);
    return n;
  },
  { name: "sleeper" },
);

const logger = { info() {}, debug() {}, warn() {}, error: complain };
const configOf = (url) => ({
  name: "bench",
  systemDatabaseUrl: url,
  systemDatabasePoolSize: POOL,
  applicationVersion: "1",
  logger,
});
let config;

async function launch() {
  DBOS.setConfig(config);
  await DBOS.launch();
  await DBOS.registerQueue(QUEUE, { minPollingIntervalMs: POLL_MS });
}

serve({
  settings: `a queue with minPollingIntervalMs ${POLL_MS} and no limit; getResult with pollingIntervalMs ${POLL_MS}; listen/notify on; pools of ${POOL}; ${CALLS} enqueues at once`,
  client: {
    async connect({ url }) {
      // The first process makes the tables.
      config = configOf(url);
      await launch();
      await DBOS.shutdown();
      client = await DBOSClient.create({
        systemDatabaseUrl: url,
        systemDatabasePoolSize: POOL,
        logger,
        applicationName: "bench",
      });
      pool = openPool(url);
    },
    start: ({ count, first, steps: perRun }) =>
      inParallel({ first, count, atOnce: CALLS }, (n) =>
        client.enqueue({ queueName: QUEUE, workflowName: "steps" }, { n, steps: perRun }),
      ),
    async run(input) {
      const handle = await client.enqueue({ queueName: QUEUE, workflowName: "steps" }, input);
      await handle.getResult({ pollingIntervalMs: POLL_MS });
    },
    sleep: ({ count, dueAt, first }) =>
      inParallel({ first, count, atOnce: CALLS }, (n) =>
        client.enqueue({ queueName: QUEUE, workflowName: "sleeper" }, { n, dueAt }),
      ),
    isSettled: () =>
      hasNone(pool, "SELECT 1 FROM dbos.workflow_status WHERE status IN ('ENQUEUED', 'PENDING', 'DELAYED') LIMIT 1"),
    async close() {
      await client.destroy();
      await pool.end();
    },
  },
  worker: {
    async connect({ url }, given) {
      config = configOf(url);
      marks = given;
    },
    begin: launch,
    end: () => DBOS.shutdown(),
    close: () => DBOS.shutdown(),
  },
});
