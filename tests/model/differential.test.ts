import { PostgresStore } from "@kagzi/store-postgres";
import type { Store } from "@kagzi/core";
import type { Subject } from "@kagzi/store-conformance/model";
import { createPgBouncer } from "@kagzi/test-support";
import { describe, expect, inject, it } from "vitest";
import { coverageGaps } from "./coverage.ts";
import { losesConnections } from "./lost-connections.ts";
import { openSqlite, play } from "./play.ts";

/** Calls in all, and where their sequences begin. */
const CALLS = Number(process.env["KAGZI_MODEL_CALLS"] ?? 60_000);
const SEED = Number(process.env["KAGZI_MODEL_SEED"] ?? 1);
const TIMEOUT = { timeout: 24 * 3_600_000 };

describe("whatever happens in whatever order", () => {
  it(
    "a store that answers well and forgets a message is found, with the fewest calls that show it",
    TIMEOUT,
    async () => {
      const openForgetful = async (): Promise<Subject> => {
        const { clock, store } = await openSqlite();
        const send = async (messages: Parameters<Store["inbox"]["send"]>[0]) => {
          const [detail] = await store.runs.get(messages);
          return [detail && { ...detail.run, taskQueue: "" }];
        };
        const forgetful = { ...store, inbox: { ...store.inbox, send }, close: () => store.close() };
        return { clock, store: { ...forgetful, violations: async () => [] } as unknown as Store };
      };
      const played = play(openForgetful, { calls: 5000, seed: SEED, atATime: 200 });
      await expect(played).rejects.toThrow(/Property failed after[^]*"kind":"send"/);
    },
  );

  it(
    "SQLite answers each call and shows each run as a simple model says, also where answers are lost",
    TIMEOUT,
    async ({ task }) => {
      const { calls, coverage, losses } = await play(openSqlite, { calls: CALLS, seed: SEED, atATime: 200 });
      Object.assign(task.meta, { calls, losses });
      expect(losses).toBeGreaterThan(CALLS / 30);
      expect(coverageGaps(coverage, CALLS / 3000), "not done often enough for this to mean something").toEqual([]);
    },
  );

  it(
    "so does PostgreSQL, also where connections are lost before a commit, after it or at any time",
    TIMEOUT,
    async ({ task }) => {
      // Through a pooler every call is a transaction with a COMMIT of its own.
      const bouncer = await createPgBouncer(inject("postgresUrl"));
      const { lose, restore } = losesConnections();
      let schemas = 0;
      const open = async () => {
        const clock = { now: Date.UTC(2030, 0, 1) };
        const schema = `model_${process.pid}_${++schemas}`;
        const store = new PostgresStore({ url: bouncer.url, schema, poolSize: 2, clock: () => clock.now });
        await store.migrate();
        return { store, clock, lose };
      };
      try {
        const { calls, losses } = await play(open, { calls: CALLS / 100, seed: SEED, atATime: 10 });
        Object.assign(task.meta, { calls, losses });
        expect(losses).toBeGreaterThan(CALLS / 5000);
      } finally {
        restore();
        await bouncer.remove();
      }
    },
  );
});
