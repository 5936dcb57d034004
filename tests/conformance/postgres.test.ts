import { describeStore } from "@kagzi/store-conformance";
import { PostgresStore } from "@kagzi/store-postgres";
import { expect, inject, it } from "vitest";

const url = inject("postgresUrl");
const schemas = new WeakMap<object, string>();
let count = 0;

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
