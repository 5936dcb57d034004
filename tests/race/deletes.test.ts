import type { RunWrite } from "@kagzi/core";
import { ACTS, STATES, Stage } from "@kagzi/store-conformance/model";
import { PostgresStore } from "@kagzi/store-postgres";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

const url = inject("postgresUrl");
const schema = `deletes_${process.pid}`;
const clock = { now: Date.UTC(2030, 0, 1) };

// A statement that is to add a record for each of two runs is stopped at the first one: somebody else is about to add a record at
// the same place. What it knows of the second run it read before.
describe("a run that ends and is deleted while a write that saw it alive is under way", () => {
  let store: PostgresStore;
  let monitor: Client;

  beforeAll(async () => {
    store = new PostgresStore({ url, schema, clock: () => clock.now, poolSize: 4 });
    await store.migrate();
    monitor = new Client({ connectionString: url });
    await monitor.connect();
  });
  afterAll(async () => {
    await Promise.all([store.close(), monitor.end()]);
  });

  it("leaves no record behind", async () => {
    const { stage, write } = await writeUnderWay();
    const { namespaceId, runId } = stage;
    await stage.call(ACTS.end(stage));
    const deleted = store.runs.delete([{ namespaceId, runId }]);
    await Promise.race([deleted, seen("%virtualtransaction = ANY%")]);
    await write.letGo();
    expect(await deleted).toEqual([runId]);
    expect(await write.answer).toMatchObject([{ became: "written" }, { became: "refused" }]);
    expect(await store.violations()).toEqual([]);
  });

  /** A write that is stopped in the middle, and the run of it that is next. */
  async function writeUnderWay() {
    const [first, stage] = [await Stage.open({ store, clock }), await Stage.open({ store, clock })];
    for (const each of [first, stage]) await STATES.running(each);
    const other = new Client({ connectionString: url });
    await other.connect();
    await other.query("BEGIN");
    await other.query(
      `INSERT INTO "${schema}".history SELECT namespace_id, run_id, 2, epoch, 'function', 'completed', name || 'first', 1, 1,
         recorded_at, observed_at FROM "${schema}".history WHERE run_id = $1 AND seq = 1`,
      [first.runId],
    );
    const answer = store.runs.write([stepOf(first), stepOf(stage)]);
    await waiting();
    const letGo = async () => {
      await other.query("ROLLBACK");
      await other.end();
    };
    return { stage, write: { answer, letGo } };
  }

  /** Resolves when a connection of the store has made a statement like this one. */
  async function seen(like: string): Promise<void> {
    const made = `SELECT FROM pg_stat_activity WHERE application_name = 'kagzi' AND query LIKE $1`;
    while ((await monitor.query(made, [like])).rowCount === 0);
  }

  /** Resolves when somebody waits for another transaction. */
  async function waiting(): Promise<void> {
    for (;;) {
      const { rowCount } = await monitor.query(
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'kagzi'",
      );
      if (rowCount === 1) return;
    }
  }
});

function stepOf(stage: Stage): RunWrite {
  const call = ACTS["write a step"](stage);
  if (call.do !== "write") throw new Error("a step is written");
  return call.write;
}
