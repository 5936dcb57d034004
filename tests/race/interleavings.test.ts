import type { RunId, RunReference, RunWrite, Start } from "@kagzi/core";
import { ACTS, OPERATIONS, STATES, Stage, ask } from "@kagzi/store-conformance/model";
import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Race, settledOrWaiting } from "./race.ts";

const url = inject("postgresUrl");
const clock = { now: Date.UTC(2030, 0, 1) };

// What goes by rows that it has not locked must not be surprised by whoever changes them meanwhile.
describe("what was read before another transaction changed it", () => {
  let race: Race;

  beforeAll(async () => {
    race = await Race.open({ url, schema: `interleavings_${process.pid}`, clock });
  });
  afterAll(async () => {
    await race.close();
  });

  describe("a run that ends and is deleted while a write goes on that saw it alive", () => {
    it("takes all its records with it", async () => {
      const { letGo, stage, write } = await writeUnderWay();
      const { namespaceId, runId } = stage;
      await stage.call(ACTS.end(stage));
      const deleted = race.store.runs.delete([{ namespaceId, runId }]);
      await Promise.race([deleted, seen("virtualtransaction = ANY")]);
      await letGo();
      expect(await write).toMatchObject([{ became: "written" }, { became: "refused" }]);
      expect(await deleted).toEqual([runId]);
      expect(await race.store.violations()).toEqual([]);
    });

    it("takes its progress with it", async () => {
      const { monitor, schema, store } = race;
      const stage = await Stage.open({ store, clock });
      await STATES.running(stage);
      const { namespaceId, runId } = stage;
      // Of the transaction of the write the first statement is done, and the second one is stopped.
      const other = await transaction(
        `INSERT INTO "${schema}".run_progress (namespace_id, run_id, updated_at) VALUES ($1, $2, now())`,
        [namespaceId, runId],
      );
      const write = store.runs.write([{ ...stepOf(stage), records: [], activity: { epoch: 1, steps: [] } }]);
      await settledOrWaiting(write, monitor, 1);
      await stage.call(ACTS.end(stage));
      const deleted = store.runs.delete([{ namespaceId, runId }]);
      await Promise.race([deleted, seen("virtualtransaction = ANY")]);
      await other.rollBack();
      expect(await write).toMatchObject([{ became: "written" }]);
      expect(await deleted).toEqual([runId]);
      expect(await store.violations()).toEqual([]);
    });

    it("takes all its records with it, also those of a retry that has ended, too", async () => {
      const { letGo, stage, write } = await writeUnderWay();
      const { namespaceId, runId } = stage;
      await stage.call(ACTS.fail(stage));
      const deleted = race.store.runs.delete([{ namespaceId, runId }]);
      await Promise.race([deleted, seen("virtualtransaction = ANY")]);
      await stage.call(ACTS.retry(stage));
      await stage.call(ACTS.end(stage));
      await letGo();
      await write;
      expect(await deleted).toEqual([runId]);
      expect(await race.store.violations()).toEqual([]);
    });

    it("is left alone if it is retried meanwhile", async () => {
      const { letGo, stage, write } = await writeUnderWay();
      const { namespaceId, runId } = stage;
      await stage.call(ACTS.fail(stage));
      const deleted = race.store.runs.delete([{ namespaceId, runId }]);
      await Promise.race([deleted, seen("virtualtransaction = ANY")]);
      await stage.call(ACTS.retry(stage));
      await letGo();
      await write;
      expect(await deleted).toEqual([]);
      await stage.look();
    });
  });

  // Two calls that begin the same run, with different keys or one with none: of the second one nothing is left.
  for (const [first, second] of [
    ["one", "another"],
    [undefined, "a"],
    ["a", undefined],
  ] as const) {
    it(`starts one run of two starts with its id, one with key ${first}, one with key ${second}`, async () => {
      const { namespaceId } = await Stage.open({ store: race.store, clock });
      const runId = randomUUID() as RunId;
      const start = (externalId: string | undefined) => startOf({ namespaceId, runId }, externalId);
      const holding = race.commits.holdNext();
      const answers = [race.held.runs.start([start(first)])];
      await holding;
      answers.push(race.store.runs.start([start(second)]));
      await settledOrWaiting(Promise.all(answers), race.monitor, 1);
      race.commits.release();
      expect(await Promise.all(answers)).toMatchObject([
        [{ became: "started" }],
        [{ became: "found", runId, fingerprint: second ?? "" }],
      ]);
      expect(await race.store.violations()).toEqual([]);
    });
  }

  it("tells who starts a run anew that is deleted meanwhile to make the call again", async () => {
    const { commits, held, store } = race;
    const { namespaceId } = await Stage.open({ store, clock });
    const runId = randomUUID() as RunId;
    const start = startOf({ namespaceId, runId }, "its key");
    await store.runs.start([start]);
    await ask({ store, namespaceId, now: clock.now }, { do: "operate", runId, operation: OPERATIONS.end });
    const looking = commits.holdNext("is_own");
    const again = held.runs.start([start]);
    await Promise.race([looking, again]);
    expect(await store.runs.delete([{ namespaceId, runId }])).toEqual([runId]);
    commits.release();
    await expect(again).rejects.toMatchObject({ detail: { code: "UNAVAILABLE", subjectId: runId } });
    expect(await held.runs.start([start])).toMatchObject([{ became: "started" }]);
  });

  it("finds a run that was leased to its worker while that left, however late one looks", async () => {
    const { commits, held, store } = race;
    const { namespaceId, runId, workers } = await Stage.open({ store, clock });
    const holding = commits.holdNext();
    const claim = ask({ store: held, namespaceId, now: clock.now }, { do: "claim", workerId: workers[1] });
    await holding;
    await store.workers.deregister(namespaceId, workers[1]);
    commits.release();
    expect(await claim).toContain(runId);
    clock.now += 1000;
    await store.workers.sweep(999);
    expect(await store.workers.lapsed(100)).toMatchObject([{ runId }]);
    expect(await store.violations()).toEqual([]);
  });

  /**
   * A statement that adds a record for each of two runs, stopped at the first one: somebody else is about to put a record in the
   * same place. What it knows of the second run it has read before.
   */
  async function writeUnderWay() {
    const { monitor, schema, store } = race;
    const first = await Stage.open({ store, clock });
    const stage = await Stage.open({ store, clock });
    for (const each of [first, stage]) await STATES.running(each);
    const other = await transaction(
      `INSERT INTO "${schema}".history
         (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt, recorded_at, observed_at)
       VALUES ($1, $2, 2, 1, 'function', 'completed', 'other', 1, 1, now(), now())`,
      [first.namespaceId, first.runId],
    );
    const write = store.runs.write([stepOf(first), stepOf(stage)]);
    await settledOrWaiting(write, monitor, 1);
    return { stage, write, letGo: other.rollBack };
  }

  /** A transaction of somebody else that has made a statement. */
  async function transaction(text: string, values: readonly string[]) {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query("BEGIN");
    await client.query(text, [...values]);
    const rollBack = async () => {
      await client.query("ROLLBACK");
      await client.end();
    };
    return { rollBack };
  }

  /** Resolves when a connection of the store has made a statement with this in it. */
  async function seen(part: string): Promise<void> {
    const made = "SELECT FROM pg_stat_activity WHERE application_name = 'kagzi' AND query LIKE $1";
    while ((await race.monitor.query(made, [`%${race.schema}%${part}%`])).rowCount === 0);
  }
});

function stepOf(stage: Stage): RunWrite {
  const call = ACTS["write a step"](stage);
  if (call.do !== "write") throw new Error("a step is written");
  return call.write;
}

function startOf(run: RunReference, externalId: string | undefined): Start {
  const key = externalId === undefined ? {} : { key: { externalId, fingerprint: externalId } };
  return { ...run, taskQueue: "", workflowType: "w", version: "1", priority: 0, delayMs: 0, ...key };
}
