import { describeStore } from "@kagzi/store-conformance";
import { PostgresStore } from "@kagzi/store-postgres";
import { createPgBouncer } from "@kagzi/test-support";
import { Client } from "pg";
import { afterAll, describe, expect, inject, it } from "vitest";

const direct = inject("postgresUrl");
const bouncer = await createPgBouncer(direct);
const schemas = new WeakMap<object, string>();
let count = 0;

afterAll(() => bouncer.remove());

describeStore({
  name: "PostgreSQL through PgBouncer",
  async open(clock) {
    const schema = `pooled_${process.pid}_${++count}`;
    const store = new PostgresStore({ url: bouncer.url, schema, clock, poolSize: 5 });
    await store.migrate();
    schemas.set(store, schema);
    return store;
  },
  isDeaf: true,
  async openSecond(store, clock) {
    const schema = schemas.get(store);
    // Some servers go through a pooler, others do not.
    return new PostgresStore({ url: direct, clock, poolSize: 2, ...(schema !== undefined && { schema }) });
  },
});

describe("behind a pooler that gives each transaction another session", () => {
  it("leaves nothing behind in the sessions that it shares", async () => {
    const store = new PostgresStore({ url: bouncer.url, schema: `shared_${process.pid}`, poolSize: 5 });
    await store.migrate();
    store.hints.listen(() => {});
    await Promise.all(Array.from({ length: 20 }, () => store.now()));
    const client = new Client({ connectionString: bouncer.url });
    await client.connect();
    const { rows } = await client.query(`
      SELECT current_setting('enable_seqscan') AS seqscan, current_setting('lock_timeout') AS lock_timeout,
        (SELECT count(*)::int FROM pg_prepared_statements) AS prepared, (SELECT count(*)::int FROM pg_listening_channels()) AS listening`);
    await client.end();
    await store.close();
    expect(rows).toEqual([{ seqscan: "on", lock_timeout: "0", prepared: 0, listening: 0 }]);
  });

  it("commits what it acknowledges to disk, and finds rows by indexes", async () => {
    const store = new PostgresStore({ url: bouncer.url, schema: `settings_${process.pid}`, poolSize: 1 });
    await store.migrate();
    const seen: string[] = [];
    const { value: query } = Object.getOwnPropertyDescriptor(Client.prototype, "query") as { value: Client["query"] };
    Client.prototype.query = function (this: Client, ...args: unknown[]) {
      if (typeof args[0] === "string") seen.push(args[0]);
      return Reflect.apply(query, this, args) as never;
    };
    try {
      await store.now();
    } finally {
      Client.prototype.query = query;
    }
    const begin = seen.find((text) => text.startsWith("BEGIN; ")) ?? "";
    const client = new Client({ connectionString: bouncer.url });
    await client.connect();
    await client.query(begin);
    const { rows } = await client.query(
      "SELECT current_setting('synchronous_commit') AS commit, current_setting('enable_seqscan') AS seqscan",
    );
    await client.query("ROLLBACK");
    await client.end();
    await store.close();
    expect(rows).toEqual([{ commit: "on", seqscan: "off" }]);
  });

  it("tells its operator, and says nothing of a pooler where there is none", async () => {
    for (const [url, says] of [
      [bouncer.url, 1],
      [direct, 0],
    ] as const) {
      const store = new PostgresStore({ url, schema: `risks_${process.pid}`, poolSize: 1 });
      const lines = (await store.risks()).filter((line) => line.includes("pooler"));
      await store.close();
      expect(lines).toHaveLength(says);
    }
  });
});
