import { PgBoss } from "pg-boss";
import { inChunks, serve } from "../../dist/programs/program.js";
import { complain, hasNone, openPool } from "./common.mjs";

// As its pages say for throughput and for latency: jobs fetched and completed in batches, burst mode, notify on.
const BATCH = 500;
const WORKERS = 2;
const CHUNK = 500;
const CALLS = 4;

let client;
let pool;
let boss;
let marks;

const bossOf = (url, more) => {
  const made = new PgBoss({ connectionString: url, ...more });
  made.on("error", complain);
  return made;
};
const insertAll = ({ count, first }, jobOf) =>
  inChunks({ first, count, size: CHUNK, atOnce: CALLS }, (numbers) => client.insert("bench", numbers.map(jobOf)));
const end = () => boss.offWork("bench", { wait: true });

serve({
  settings: `batchSize ${BATCH}, localConcurrency ${WORKERS}, burstWhenBatchFull, notify on, intervals of polling 0.5 s; insert with ${CHUNK} jobs, ${CALLS} calls at once`,
  client: {
    async connect({ url }) {
      client = bossOf(url, { supervise: false, schedule: false });
      await client.start();
      await client.createQueue("bench", { notify: true });
      pool = openPool(url);
    },
    start: ({ ...range }) => insertAll(range, (n) => ({ data: { n } })),
    sleep: ({ dueAt, ...range }) => insertAll(range, (n) => ({ data: { n, dueAt }, startAfter: new Date(dueAt) })),
    isSettled: () => hasNone(pool, "SELECT 1 FROM pgboss.job WHERE name = 'bench' AND state < 'completed' LIMIT 1"),
    async close() {
      await client.stop({ graceful: false });
      await pool.end();
    },
  },
  worker: {
    async connect({ url }, given) {
      marks = given;
      boss = bossOf(url, { useListenNotify: true });
      await boss.start();
    },
    async begin() {
      const options = {
        batchSize: BATCH,
        localConcurrency: WORKERS,
        burstWhenBatchFull: true,
        pollingIntervalSeconds: 0.5,
        notifyPollingIntervalSeconds: 0.5,
      };
      await boss.work("bench", options, async (jobs) => {
        for (const { data } of jobs) {
          if (data.dueAt === undefined) marks.step(data.n, 0);
          else marks.woke(data.n, data.dueAt);
          marks.ended(data.n);
        }
      });
    },
    end,
    close: () => boss.stop({ graceful: false }),
  },
});
