import { describeStore } from "@kagzi/store-conformance";
import { PostgresStore } from "@kagzi/store-postgres";
import { inject } from "vitest";

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
