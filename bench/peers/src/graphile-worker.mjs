import { Logger, makeWorkerUtils, run, runMigrations } from "graphile-worker";
import { inChunks, serve } from "../../dist/programs/program.js";
import { complain, hasNone, openPool } from "./common.mjs";

// As its page on performance says: a local queue, completions in batches, jobs added many in a call.
const QUEUE = 500;
const CONCURRENCY = 24;
const CHUNK = 500;
const CALLS = 4;
const logger = new Logger(() => (level, message) => {
  if (level === "error") complain(message);
});

let utils;
let pool;
let options;
let runner;

const addAll = ({ count, first }, specOf) =>
  inChunks({ first, count, size: CHUNK, atOnce: CALLS }, (numbers) => utils.addJobs(numbers.map(specOf)));
const end = async () => {
  await runner?.stop();
  runner = undefined;
};

serve({
  settings: `concurrentJobs ${CONCURRENCY}, localQueue of ${QUEUE}, completeJobBatchDelay 0, pollInterval 100; addJobs with ${CHUNK} jobs, ${CALLS} calls at once`,
  client: {
    async connect({ url }) {
      await runMigrations({ connectionString: url, logger });
      utils = await makeWorkerUtils({ connectionString: url, logger });
      pool = openPool(url);
    },
    start: ({ ...range }) => addAll(range, (n) => ({ identifier: "job", payload: { n } })),
    sleep: ({ dueAt, ...range }) =>
      addAll(range, (n) => ({ identifier: "late", payload: { n, dueAt }, runAt: new Date(dueAt) })),
    isSettled: () => hasNone(pool, "SELECT 1 FROM graphile_worker._private_jobs LIMIT 1"),
    async close() {
      await utils.release();
      await pool.end();
    },
  },
  worker: {
    async connect({ url }, marks) {
      options = {
        connectionString: url,
        logger,
        noHandleSignals: true,
        concurrency: CONCURRENCY,
        pollInterval: 100,
        preset: {
          worker: {
            concurrentJobs: CONCURRENCY,
            maxPoolSize: CONCURRENCY + 2,
            pollInterval: 100,
            localQueue: { size: QUEUE },
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
          },
        },
        taskList: {
          job({ n }) {
            marks.step(n, 0);
            marks.ended(n);
          },
          late({ dueAt, n }) {
            marks.woke(n, dueAt);
            marks.ended(n);
          },
        },
      };
    },
    async begin() {
      runner = await run(options);
    },
    end,
    close: end,
  },
});
