import { describeStore } from "@kagzi/store-conformance";
import { PostgresStore } from "@kagzi/store-postgres";
import { Client } from "pg";
import { expect, inject, it, vi } from "vitest";
import { fillTables, noteStatements, wholeReads } from "./plans.ts";

const url = inject("postgresUrl");
const schemas = new WeakMap<object, string>();
let count = 0;
const statements = noteStatements(/"(?:conformance|at_once|plans)_\d+_\d+"/g);

describeStore({
  name: "PostgreSQL",
  async open(clock) {
    const schema = `conformance_${process.pid}_${++count}`;
    const store = new PostgresStore({ url, schema, clock, poolSize: 5 });
    await store.migrate();
    schemas.set(store, schema);
    return store;
  },
  async openSecond(store, clock) {
    const schema = schemas.get(store);
    return new PostgresStore({ url, clock, poolSize: 2, ...(schema !== undefined && { schema }) });
  },
});

it("servers that first start at once on an empty PostgreSQL make its schema once", async () => {
  for (let round = 0; round < 10; round++) {
    const schema = `at_once_${process.pid}_${round}`;
    const stores = Array.from({ length: 8 }, () => new PostgresStore({ url, schema, poolSize: 1 }));
    const versions = await Promise.all(stores.map((store) => store.migrate()));
    expect(new Set(versions).size).toBe(1);
    await Promise.all(stores.map((store) => store.close()));
  }
});

it("is UNAVAILABLE while its schema is not there yet", async () => {
  const store = new PostgresStore({ url, schema: `not_there_${process.pid}`, poolSize: 1 });
  await expect(store.events.route(1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await store.migrate();
  await expect(store.events.route(1)).resolves.toMatchObject({ left: "nothing" });
  await store.close();
});

// After the suite, which has made every statement that there is.
it("finds the rows of every statement by an index, however many there are", async () => {
  const schema = `plans_${process.pid}_1`;
  const store = new PostgresStore({ url, schema, poolSize: 1 });
  await store.migrate();
  await store.close();
  await fillTables(url, schema);
  expect(statements.size).toBeGreaterThan(100);
  const reads = await wholeReads(url, schema, statements);
  const wrong = reads.filter(({ what, statement }) => !MAY_READ_WHOLE.has(what) && statement !== "kagzi_violations");
  expect(wrong).toEqual([]);
});

it("makes its plans anew when tables grow that were known to be empty", async () => {
  const schema = `plans_${process.pid}_2`;
  const store = new PostgresStore({ url, schema, poolSize: 2 });
  await store.migrate();
  const other = new Client({ connectionString: url });
  await other.connect();
  await other.query("VACUUM ANALYZE");
  const query = vi.spyOn(Client.prototype, "query");
  const anew = () => query.mock.calls.filter(([text]) => (text as unknown) === "DISCARD PLANS").length;
  try {
    await store.now();
    // The sizes are asked for with the first statement; what comes after that is growth.
    await vi.waitFor(() => expect(query.mock.settledResults.length).toBeGreaterThan(1));
    expect(anew()).toBe(0);
    await fillTables(url, schema);
    await vi.waitFor(async () => {
      await store.now();
      expect(anew()).toBeGreaterThan(0);
    }, 20_000);
  } finally {
    query.mockRestore();
    await other.end();
    await store.close();
  }
});

/** What is small whatever grows, or is worth reading whole while it is. */
const MAY_READ_WHOLE = new Set([
  // Workers, until they are forgotten; namespaces; workflows and steps that have limits.
  "workers_pkey",
  "workers",
  "namespaces_pkey",
  "workflow_limits_pkey",
  "step_limits_pkey",
  // What is to be done: an index of only that.
  "runs_closing",
  "events_unrouted",
  "event_waits_new",
  // Of which a batch is a good part, as long as it is no larger than here.
  "events_pkey",
]);
